"""Claude's events to indoor chunks. https://platform.claude.com/docs/en/build-with-claude/streaming"""

from collections.abc import Sequence
from typing import Any

from routing.providers.anthropic.events import Delta, Event, read
from routing.providers.anthropic.naming import ToolNames
from routing.providers.anthropic.response import (
    UNREADABLE,
    failure_inside,
    finish_reason_of,
    invalid,
    refusal_of,
    usage_of,
)
from routing.providers.base import ChatCompletionChunk
from routing.providers.chunks import Chunks
from routing.providers.reply import Reply


class Translation:
    """One answer on its way indoors. Events of unknown types are left out, as the API asks of its readers."""

    def __init__(self, chunks: Chunks, names: ToolNames, reply: Reply, *, with_usage: bool) -> None:
        self.is_done = False
        self._chunks = chunks
        self._account = chunks.account
        self._names = names
        self._reply = reply
        self._with_usage = with_usage
        self._counts: dict[str, Any] = {}  # cumulative; later events may hold only some
        self._tool_index: dict[int, int] = {}  # block index to tool call index: other blocks count there too
        self._without_arguments: set[int] = set()
        self._end = Delta()
        self._readers = {
            "message_start": self._start,
            "content_block_start": self._block,
            "content_block_delta": self._delta,
            "content_block_stop": self._block_end,
            "message_delta": self._note_end,
            "message_stop": self._finish,
        }

    def chunks_of(self, payload: bytes) -> Sequence[ChatCompletionChunk]:
        try:
            event = read(payload)
            if event.error is not None:
                raise failure_inside(payload, event.error, self._reply)
            reader = self._readers.get(event.type)
            return reader(event) if reader else ()
        except UNREADABLE as exc:
            raise invalid("an event that cannot be read", self._reply) from exc

    def _start(self, event: Event) -> Sequence[ChatCompletionChunk]:
        self._account.response_id, self._account.response_model = event.message["id"], event.message["model"]
        self._count(event.message["usage"])
        return (self._chunks.delta({}),)

    def _block(self, event: Event) -> Sequence[ChatCompletionChunk]:
        block = event.content_block
        if block["type"] == "tool_use":
            self._tool_index[event.index] = self._chunks.tool_calls
            self._without_arguments.add(event.index)
            return (self._chunks.tool_call(self._names.original(block["name"]), "", block["id"]),)
        if block["type"] == "text" and block["text"]:
            return (self._chunks.delta({"content": block["text"]}),)
        return ()

    def _delta(self, event: Event) -> Sequence[ChatCompletionChunk]:
        delta = event.delta
        if delta.text:
            return (self._chunks.delta({"content": delta.text}),)
        if delta.partial_json and event.index in self._tool_index:
            self._without_arguments.discard(event.index)
            return (self._chunks.more_arguments(self._tool_index[event.index], delta.partial_json),)
        if delta.thinking:
            return (self._chunks.delta({"reasoning_content": delta.thinking}),)
        return ()

    def _block_end(self, event: Event) -> Sequence[ChatCompletionChunk]:
        if event.index in self._without_arguments:
            return (self._chunks.more_arguments(self._tool_index[event.index], "{}"),)
        return ()

    def _note_end(self, event: Event) -> Sequence[ChatCompletionChunk]:
        """Kept until `message_stop`: what breaks before it has not stopped."""
        self._count(event.usage)
        self._end = event.delta if event.delta.stop_reason else self._end
        return ()

    def _count(self, counts: dict[str, Any]) -> None:
        self._counts |= {name: value for name, value in counts.items() if value is not None}
        self._account.usage = usage_of(self._counts)

    def _finish(self, event: Event) -> Sequence[ChatCompletionChunk]:
        if not self._account.response_id or self._end.stop_reason is None:
            raise invalid("an end without an answer", self._reply)
        self.is_done = self._account.is_complete = True
        self._account.finish_reason = finish_reason_of(self._end.stop_reason)
        refusal = refusal_of(self._end.stop_details)
        chunks = [] if refusal is None else [self._chunks.delta({"refusal": refusal})]
        chunks.append(self._chunks.delta({}, self._account.finish_reason))
        return [*chunks, self._chunks.usage()] if self._with_usage else chunks

    def end(self) -> Sequence[ChatCompletionChunk]:
        if not self.is_done:
            raise invalid("a stream that ended before its answer did", self._reply)
        return ()
