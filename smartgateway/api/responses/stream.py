"""Chunks as the Responses API's typed events. Calls stay open until the end, whose events wait for the outcome."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol
from uuid import uuid4

import msgspec

from routing.providers.base import ChatCompletionChunk
from smartgateway.api.errors import openai_body
from smartgateway.api.responses.output import ending, failure, identity_of, usage_of
from smartgateway.api.responses.parts import Call, Message, Reasoning
from smartgateway.api.responses.toolbox import Toolbox
from smartgateway.completions.errors import GatewayError

Event = dict[str, Any]
TEXTS: dict[str, type[Message | Reasoning]] = {"reasoning_content": Reasoning, "content": Message, "refusal": Message}
encode = msgspec.json.Encoder().encode


class OutputItem(Protocol):
    def end(self, status: str) -> Iterator[Event]: ...

    def item(self, status: str) -> Event: ...


class ResponsesRenderer:
    def __init__(self, said_again: Mapping[str, Any], toolbox: Toolbox) -> None:
        self._said_again = said_again
        self._toolbox = toolbox
        self._identity = ""
        self._model = ""
        self._sequence = 0
        self._items: list[OutputItem] = []
        self._text: Message | Reasoning | None = None  # the one that is being written
        self._calls: dict[int, Call] = {}
        self._finish_reason = "stop"
        self._usage: dict[str, Any] | None = None

    def chunk(self, chunk: ChatCompletionChunk) -> bytes:
        return self._framed(self._events(chunk))

    def end(self) -> bytes:
        return self._framed(self._end())

    def error(self, exc: GatewayError) -> bytes:
        return self._framed(self._failed(exc))

    def _framed(self, events: Iterable[Event]) -> bytes:
        frames = []
        for event in events:
            event["sequence_number"] = self._sequence
            self._sequence += 1
            frames.append(b"event: %b\ndata: %b\n\n" % (event["type"].encode(), encode(event)))
        return b"".join(frames)

    def _events(self, chunk: ChatCompletionChunk) -> Iterator[Event]:
        if not self._identity:
            yield from self._begin(identity_of(chunk["id"]), chunk["model"])
        if chunk.get("usage"):
            self._usage = usage_of(chunk["usage"])
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            for name, kind in TEXTS.items():
                if delta.get(name):
                    yield from self._write(kind, name, delta[name])
            for fragment in delta.get("tool_calls") or ():
                yield from self._call(fragment)
            self._finish_reason = choice.get("finish_reason") or self._finish_reason

    def _begin(self, identity: str, model: str) -> Iterator[Event]:
        self._identity, self._model = identity, model
        for kind in ("created", "in_progress"):
            yield {"type": f"response.{kind}", "response": self._response({"status": "in_progress"})}

    def _write(self, kind: type[Message | Reasoning], name: str, text: str) -> Iterator[Event]:
        if not isinstance(self._text, kind):
            yield from self._close_text()
            self._text = kind(self._identity, len(self._items))
            self._items.append(self._text)
            yield from self._text.begin()
        yield from self._text.write(name, text)

    def _close_text(self, status: str = "completed") -> Iterator[Event]:
        if self._text is not None:
            yield from self._text.end(status)
            self._text = None

    def _call(self, fragment: Mapping[str, Any]) -> Iterator[Event]:
        index, function = fragment.get("index", len(self._calls)), fragment.get("function") or {}
        call = self._calls.get(index)
        if call is None:
            yield from self._close_text()
            call_id = fragment.get("id") or f"call_{self._identity}_{index}"
            call = Call(self._toolbox, self._identity, len(self._items), call_id, function.get("name") or "")
            self._calls[index] = call
            self._items.append(call)
            yield from call.begin()
        if function.get("arguments"):
            yield from call.write(function["arguments"])

    def _end(self) -> Iterator[Event]:
        if not self._items:
            yield from self._write(Message, "content", "")
        end = ending(self._finish_reason)
        yield from self._close_text(end["status"])
        for call in self._calls.values():
            yield from call.end(end["status"])
        output = [item.item(end["status"]) for item in self._items]
        answered = self._response({**end, "output": output, "usage": self._usage})
        yield {"type": f"response.{end['status']}", "response": answered}

    def _failed(self, exc: GatewayError) -> Iterator[Event]:
        """Then the error as an event of its own: the official clients raise it."""
        if not self._identity:
            yield from self._begin(uuid4().hex, "")
        output = [item.item("incomplete") for item in self._items]
        failed = self._response({"status": "failed", "error": failure(exc), "output": output})
        yield {"type": "response.failed", "response": failed}
        yield {"type": "error", "code": exc.code, "message": exc.message, "param": exc.param, **openai_body(exc)}

    def _response(self, state: Mapping[str, Any]) -> dict[str, Any]:
        return {"id": f"resp_{self._identity}", **self._said_again, "model": self._model, **state}
