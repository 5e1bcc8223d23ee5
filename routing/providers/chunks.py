"""Chunks and whole answers in the indoor form, as every dialect makes them."""

import time
from collections.abc import Mapping
from contextlib import aclosing
from typing import Any

from routing.engine.types import Usage
from routing.providers.base import Account, Answer, Call, ChatCompletion, ChatCompletionChunk, Stream


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
