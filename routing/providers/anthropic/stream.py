"""Claude's events to indoor chunks. https://platform.claude.com/docs/en/build-with-claude/streaming"""

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import msgspec

from routing.providers import indoors, sse
from routing.providers.anthropic.naming import ToolNames
from routing.providers.anthropic.response import (
    Reading,
    failure_inside,
    finish_reason_of,
    invalid,
    refusal_of,
    usage_of,
)
from routing.providers.base import ChatCompletionChunk
from routing.providers.http import Reply, drain

Event = dict[str, Any]


class Translation:
    """One answer on its way indoors. Events of unknown types are left out, as the API asks of its readers."""

    def __init__(self, chunks: indoors.Chunks, names: ToolNames, reply: Reply, *, with_usage: bool) -> None:
        self.is_done = False
        self._chunks = chunks
        self._account = chunks.account
        self._names = names
        self._reply = reply
        self._with_usage = with_usage
        self._counts: dict[str, Any] = {}  # cumulative; later events may hold only some
        self._tool_index: dict[int, int] = {}  # block index to tool call index: other blocks count there too
        self._without_arguments: set[int] = set()
        self._end: dict[str, Any] = {}

    def chunks_of(self, payload: bytes) -> Iterator[ChatCompletionChunk]:
        with Reading("an event that cannot be read", self._reply):
            event = msgspec.json.decode(payload)
            match event["type"]:
                case "content_block_delta":
                    yield from self._delta(event)
                case "message_start":
                    yield self._start(event["message"])
                case "content_block_start":
                    yield from self._block(event)
                case "content_block_stop":
                    yield from self._block_end(event["index"])
                case "message_delta":
                    self._note_end(event)
                case "message_stop":
                    yield from self._finish()
                case "error":
                    raise failure_inside(payload, event, self._reply)

    def _start(self, message: Event) -> ChatCompletionChunk:
        self._account.response_id, self._account.response_model = message["id"], message["model"]
        self._count(message["usage"])
        return self._chunks.delta({})

    def _block(self, event: Event) -> Iterator[ChatCompletionChunk]:
        block, index = event["content_block"], event["index"]
        if block["type"] == "tool_use":
            self._tool_index[index] = self._chunks.tool_calls
            self._without_arguments.add(index)
            yield self._chunks.tool_call(self._names.original(block["name"]), "", block["id"])
        elif block["type"] == "text" and block["text"]:
            yield self._chunks.delta({"content": block["text"]})

    def _delta(self, event: Event) -> Iterator[ChatCompletionChunk]:
        delta = event["delta"]
        kind = delta["type"]
        if kind == "text_delta" and delta["text"]:
            yield self._chunks.delta({"content": delta["text"]})
        elif kind == "input_json_delta" and delta["partial_json"] and event["index"] in self._tool_index:
            self._without_arguments.discard(event["index"])
            yield self._chunks.more_arguments(self._tool_index[event["index"]], delta["partial_json"])
        elif kind == "thinking_delta" and delta["thinking"]:
            yield self._chunks.delta({"reasoning_content": delta["thinking"]})

    def _block_end(self, index: int) -> Iterator[ChatCompletionChunk]:
        if index in self._without_arguments:
            yield self._chunks.more_arguments(self._tool_index[index], "{}")

    def _note_end(self, event: Event) -> None:
        """Kept until `message_stop`: what breaks before it has not stopped."""
        self._count(event.get("usage") or {})
        self._end |= {name: value for name, value in event["delta"].items() if value is not None}

    def _count(self, counts: Event) -> None:
        self._counts |= {name: value for name, value in counts.items() if value is not None}
        self._account.usage = usage_of(self._counts)

    def _finish(self) -> Iterator[ChatCompletionChunk]:
        if not self._account.response_id or "stop_reason" not in self._end:
            raise invalid("an end without an answer", self._reply)
        self.is_done = self._account.is_complete = True
        self._account.finish_reason = finish_reason_of(self._end["stop_reason"])
        if (refusal := refusal_of(self._end.get("stop_details"))) is not None:
            yield self._chunks.delta({"refusal": refusal})
        yield self._chunks.delta({}, self._account.finish_reason)
        if self._with_usage:
            yield self._chunks.usage()


async def translated(reply: Reply, translation: Translation) -> AsyncGenerator[ChatCompletionChunk, None]:
    frames = sse.Frames()
    async with aclosing(reply.reads()) as reads:
        async for data in reads:
            for frame in sse.split(frames.feed(data)):
                if (payload := sse.data_of(frame)) is not None:
                    for chunk in translation.chunks_of(payload):
                        yield chunk
            if translation.is_done:
                await drain(reads)
                return
    if (payload := sse.data_of(frames.flush())) is not None:
        for chunk in translation.chunks_of(payload):
            yield chunk
    if not translation.is_done:
        raise invalid("a stream that ended before its answer did", reply)
