"""The indoor form: what every dialect reads out of it, and how chunks and answers of it are made."""

import time
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from routing.engine.types import Usage
from routing.providers.base import (
    Account,
    Answer,
    Call,
    ChatCompletion,
    ChatCompletionChunk,
    ProviderRejectedError,
    Stream,
)

MUST_CALL = "You must answer by calling one of the tools you were given."
MUST_CALL_NAMED = "You must answer by calling the tool `{name}`."
LATE_SYSTEM = "<system_message>\n{text}\n</system_message>"
JSON_ONLY = "Answer with one JSON object and nothing else."
CONSUMED = frozenset({"model", "provider", "stream", "stream_options", "user", "n"})


def rejected(message: str) -> ProviderRejectedError:
    """A request that this dialect cannot carry; nothing was sent."""
    return ProviderRejectedError(message, kind="invalid_request", status=400, was_sent=False)


def refuse_several_choices(body: Mapping[str, Any], label: str) -> None:
    wanted = body.get("n")
    if wanted is not None and wanted != 1:
        raise rejected(f"{label} gives one choice per request: n is {wanted!r}, use 1 or leave it out")


def parts_of(content: object) -> Sequence[Mapping[str, Any]]:
    """Content as a list of parts, whichever of its forms it came in."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise rejected("content is neither text nor a list of parts")
    return content


def text_of_part(part: Mapping[str, Any]) -> str | None:
    """The text of a part that is text of some kind, a replayed refusal included."""
    for name in ("text", "refusal"):
        if isinstance(part.get(name), str):
            return str(part[name])
    return None


def text_of(content: object) -> str:
    """All text of a content that may hold nothing else."""
    texts = [text_of_part(part) for part in parts_of(content)]
    if None in texts:
        raise rejected("only text is possible here")
    return "\n".join(text for text in texts if text)


def image_url(part: Mapping[str, Any]) -> str | None:
    """The address of an image part, as OpenAI's chat or Responses form has it."""
    if part.get("type") not in ("image_url", "input_image"):
        return None
    image = part.get("image_url")
    address = image.get("url") if isinstance(image, dict) else image
    if not isinstance(address, str):
        raise rejected("an image part without an address")
    return address


def tool_calls_of(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise rejected("tool_calls is not a list of calls")
    return [call for call in calls if isinstance(call.get("function"), dict)]


def arguments_of(function: Mapping[str, Any]) -> dict[str, Any]:
    """A call's arguments as an object. A model that wrote broken JSON must not end the conversation."""
    given = function.get("arguments")
    if isinstance(given, dict):
        return given
    if not given:
        return {}
    try:
        parsed = msgspec.json.decode(given)
    except (msgspec.DecodeError, TypeError):
        return {"invalid_json_arguments": str(given)}
    return parsed if isinstance(parsed, dict) else {"invalid_json_arguments": str(given)}


def functions_of(body: Mapping[str, Any], dropped: list[str]) -> Sequence[Mapping[str, Any]]:
    """The declared functions; tools of other kinds run nowhere but at OpenAI."""
    functions = []
    for tool in body.get("tools") or []:
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            functions.append(function)
        elif "tools" not in dropped:
            dropped.append("tools")
    return functions


def named_choice(choice: object) -> str | None:
    """The function that `tool_choice` insists on."""
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def schema_of(response_format: object) -> Mapping[str, Any] | None:
    wanted = response_format.get("json_schema") if isinstance(response_format, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    return schema if isinstance(schema, dict) else None


def wants_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    return isinstance(options, dict) and bool(options.get("include_usage"))


class Chunks:
    """Makes the chunks of one answer: same id, time and model throughout, one role, one finish reason."""

    def __init__(self, call: Call, account: Account) -> None:
        self.account = account
        self._fallback_id = f"chatcmpl-{call.attempt_id}"
        self._created = int(time.time())
        self._fallback_model = call.model
        self._has_role = False
        self.tool_calls = 0

    def delta(self, delta: dict[str, Any], finish_reason: str | None = None) -> ChatCompletionChunk:
        if not self._has_role:
            self._has_role = True
            delta = {"role": "assistant", "content": "", **delta}
        return self._chunk([{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}])

    def tool_call(self, name: str, arguments: str, call_id: str | None = None) -> ChatCompletionChunk:
        """A call with its name; without an id of the upstream's own, one that no other call of the day has."""
        index, self.tool_calls = self.tool_calls, self.tool_calls + 1
        made_up = f"call_{self._fallback_id[9:]}_{index}".replace("-", "")
        function = {"name": name, "arguments": arguments}
        call = {"index": index, "id": call_id or made_up, "type": "function", "function": function}
        return self.delta({"tool_calls": [call]})

    def more_arguments(self, index: int, arguments: str) -> ChatCompletionChunk:
        return self.delta({"tool_calls": [{"index": index, "function": {"arguments": arguments}}]})

    def usage(self) -> ChatCompletionChunk:
        return {**self._chunk([]), "usage": usage_members(self.account.usage or Usage())}

    def _chunk(self, choices: list[dict[str, Any]]) -> ChatCompletionChunk:
        account = self.account
        return {
            "id": account.response_id or self._fallback_id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": account.response_model or self._fallback_model,
            "choices": choices,
        }


def usage_members(usage: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {
            "cached_tokens": usage.cache_read_input_tokens,
            "cache_write_tokens": usage.cache_write_5m_input_tokens + usage.cache_write_1h_input_tokens,
        },
        "completion_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
    }


class Collector:
    """One whole answer out of its chunks."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {"content": "", "reasoning_content": "", "refusal": ""}
        self._calls: list[dict[str, Any]] = []
        self._last: ChatCompletionChunk = {}
        self._finish_reason = "stop"

    def add(self, chunk: ChatCompletionChunk) -> None:
        self._last = chunk
        for choice in chunk["choices"]:
            self._finish_reason = choice["finish_reason"] or self._finish_reason
            delta = choice["delta"]
            for name in self._texts.keys() & delta.keys():
                self._texts[name] += delta[name]
            for fragment in delta.get("tool_calls", ()):
                self._add_call(fragment)

    def completion(self, usage: Usage | None) -> ChatCompletion:
        message: dict[str, Any] = {"role": "assistant"}
        message |= {name: text for name, text in self._texts.items() if text or name == "content"}
        if self._calls:
            message["content"] = message["content"] or None
            message["tool_calls"] = self._calls
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": self._finish_reason}
        counts = {"usage": usage_members(usage)} if usage else {}
        return {**self._last, "object": "chat.completion", "choices": [choice], **counts}

    def _add_call(self, fragment: Mapping[str, Any]) -> None:
        function = fragment["function"]
        if "id" in fragment:
            self._calls.append({"id": fragment["id"], "type": "function", "function": dict(function)})
        else:
            self._calls[fragment["index"]]["function"]["arguments"] += function["arguments"]


async def collected(stream: Stream) -> Answer:
    """A stream that nobody watches, as a whole answer."""
    collector = Collector()
    async with aclosing(stream.batches) as batches:
        async for batch in batches:
            assert not isinstance(batch, bytes)  # was asked for in indoor form
            for chunk in batch:
                assert isinstance(chunk, dict)  # of text alone only a client's stream is made
                collector.add(chunk)
    return Answer(stream.account, completion=collector.completion(stream.account.usage))
