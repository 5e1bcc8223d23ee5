"""Indoor answers in the words of the Messages API: whole, as a stream of events, and as errors."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

import msgspec

from routing.providers import indoors
from routing.providers.base import ChatCompletion, ChatCompletionChunk
from smartgateway.completions.errors import GatewayError

STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}
ERROR_TYPES = {
    400: "invalid_request_error",
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    408: "timeout_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
}
CHARACTERS_PER_TOKEN = 3.3
TEXT_BLOCK = {"type": "text", "text": ""}
FOREIGN = re.compile(r"[^a-zA-Z0-9_-]")
MORE_TEXT = (
    b"event: content_block_delta\n"
    b'data: {"type":"content_block_delta","index":%d,"delta":{"type":"text_delta","text":%b}}\n\n'
)
encode = msgspec.json.Encoder().encode


def error_body(exc: GatewayError) -> Any:
    """Claude's own words where there are any."""
    if exc.upstream_body:
        return msgspec.Raw(exc.upstream_body)
    kind = "overloaded_error" if exc.code == "overloaded" else ERROR_TYPES.get(exc.status, "api_error")
    return {"type": "error", "error": {"type": kind, "message": exc.message}}


def usage_of(usage: Mapping[str, Any]) -> dict[str, int]:
    details = usage.get("prompt_tokens_details") or {}
    cached, written = details.get("cached_tokens") or 0, details.get("cache_write_tokens") or 0
    return {
        "input_tokens": (usage.get("prompt_tokens") or 0) - cached - written,
        "cache_read_input_tokens": cached,
        "cache_creation_input_tokens": written,
        "output_tokens": usage.get("completion_tokens") or 0,
    }


def message(completion: ChatCompletion) -> dict[str, Any]:
    choice = completion["choices"][0]
    said = choice["message"]
    text = (said.get("content") or "") + (said.get("refusal") or "")
    content: list[dict[str, Any]] = [{"type": "text", "text": text}] if text else []
    calls = said.get("tool_calls") or ()
    content += [tool_use(call) for call in calls]
    return {
        "id": message_id(completion["id"]),
        "type": "message",
        "role": "assistant",
        "model": completion["model"],
        "content": content,
        "stop_reason": stop_reason(choice.get("finish_reason"), has_calls=bool(calls)),
        "stop_sequence": None,
        "usage": usage_of(completion.get("usage") or {}),
    }


def stop_reason(finish_reason: str | None, *, has_calls: bool) -> str:
    """Some servers call tools and say `stop`: an agent would take that for the end of its work."""
    reason = STOP_REASONS.get(finish_reason or "", "end_turn")
    return "tool_use" if has_calls and reason == "end_turn" else reason


def tool_use(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    return {
        "type": "tool_use",
        "id": tool_id(call.get("id") or ""),
        "name": function["name"],
        "input": indoors.arguments_of(function),
    }


def tool_id(identity: str) -> str:
    identity = identity or uuid4().hex  # some servers give none
    return identity if identity.startswith("toolu_") else f"toolu_{FOREIGN.sub('_', identity.removeprefix('call_'))}"


def message_id(identity: str) -> str:
    return identity if identity.startswith("msg_") else f"msg_{identity.removeprefix('chatcmpl-')}"


class MessagesRenderer:
    """Chunks to events: one block open at a time, its index counted here, usage with the message's end."""

    ping = b'event: ping\ndata: {"type": "ping"}\n\n'

    def __init__(self, body: Mapping[str, Any]) -> None:
        self.body = body  # the request's, for what its input may count before that is known
        self.is_started = False
        self.index = -1
        self.open_block: str | int | None = None  # "text", or the number of the tool call
        self.blocks: dict[int, int] = {}  # of each tool call, by its number
        self.stop_reason = "end_turn"
        self.usage: dict[str, int] = usage_of({})

    def text(self, text: str) -> bytes:
        begun = b"" if self.open_block == "text" else b"".join(map(event, self._begin("text", TEXT_BLOCK)))
        return begun + MORE_TEXT % (self.index, encode(text))

    def chunk(self, chunk: ChatCompletionChunk) -> bytes:
        if self.open_block == "text" and (text := more_text(chunk)):
            return self.text(text)
        return b"".join(event(entry) for entry in self._events(chunk))

    def _events(self, chunk: ChatCompletionChunk) -> Iterator[dict[str, Any]]:
        if not self.is_started:
            self.is_started = True
            yield self._start(chunk)
            yield {"type": "ping"}
        if chunk.get("usage"):
            self.usage = usage_of(chunk["usage"])
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            if text := delta.get("content") or delta.get("refusal"):
                yield from self._begin("text", TEXT_BLOCK)
                yield self._delta({"type": "text_delta", "text": text})
            for call in delta.get("tool_calls") or ():
                yield from self._tool_call(call)
            if choice.get("finish_reason"):
                self.stop_reason = stop_reason(choice["finish_reason"], has_calls=bool(self.blocks))

    def _start(self, chunk: ChatCompletionChunk) -> dict[str, Any]:
        empty = {"id": chunk["id"], "model": chunk["model"], "choices": [{"message": {}}]}
        usage = usage_of({"prompt_tokens": estimated_tokens(self.body)})
        started = message(empty) | {"stop_reason": None, "usage": usage}
        return {"type": "message_start", "message": started}

    def _tool_call(self, call: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Fragments of several calls may come interleaved, and some servers leave the call's number out."""
        function = call.get("function") or {}
        number = call.get("index")
        if number is None:
            number = len(self.blocks) if call.get("id") else len(self.blocks) - 1
        if number not in self.blocks:
            named = {"id": tool_id(call.get("id") or ""), "name": function.get("name") or ""}
            yield from self._begin(number, {"type": "tool_use", **named, "input": {}})
            self.blocks[number] = self.index
        if function.get("arguments"):
            delta = {"type": "input_json_delta", "partial_json": function["arguments"]}
            yield self._delta(delta) | {"index": self.blocks[number]}

    def _begin(self, name: str | int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if self.open_block == name:
            return
        yield from self._close()
        self.index += 1
        self.open_block = name
        yield {"type": "content_block_start", "index": self.index, "content_block": block}

    def _close(self) -> Iterator[dict[str, Any]]:
        if self.open_block is not None:
            self.open_block = None
            yield {"type": "content_block_stop", "index": self.index}

    def _delta(self, delta: dict[str, Any]) -> dict[str, Any]:
        return {"type": "content_block_delta", "index": self.index, "delta": delta}

    def end(self) -> bytes:
        ending = [
            *self._close(),
            {
                "type": "message_delta",
                "delta": {"stop_reason": self.stop_reason, "stop_sequence": None},
                "usage": self.usage,
            },
            {"type": "message_stop"},
        ]
        return b"".join(event(entry) for entry in ending)

    def error(self, exc: GatewayError) -> bytes:
        body = encode(error_body(exc))
        compact = msgspec.json.format(body, indent=-1) if b"\n" in body else body
        return b"event: error\ndata: " + compact + b"\n\n"


def more_text(chunk: ChatCompletionChunk) -> str | None:
    """The text of a chunk that holds nothing else: most do."""
    choices = chunk["choices"]
    if len(choices) != 1 or chunk.get("usage") or choices[0].get("finish_reason"):
        return None
    delta = choices[0].get("delta") or {}
    return None if delta.get("tool_calls") else delta.get("content")


def event(body: dict[str, Any]) -> bytes:
    frame: bytes = b"event: " + body["type"].encode() + b"\ndata: " + encode(body) + b"\n\n"
    return frame


def estimated_tokens(body: Mapping[str, Any]) -> int:
    """Of the text that an indoor request holds; the message's end tells the real count."""
    characters = sum(len(text) for message in body["messages"] for text in texts_of(message))
    if body.get("tools"):
        characters += len(encode(body["tools"]))
    return max(1, round(characters / CHARACTERS_PER_TOKEN))


def texts_of(message: Mapping[str, Any]) -> Iterator[str]:
    content = message.get("content")
    if isinstance(content, str):
        yield content
    for part in content if isinstance(content, list) else ():
        yield str(part.get("text", ""))
    for call in message.get("tool_calls") or ():
        yield str(call["function"].get("arguments", ""))
