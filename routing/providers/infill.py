"""Filling in at llama.cpp: its `/v1/completions` overlooks a suffix without a word, `/infill` does not."""

from collections.abc import Sequence
from typing import Any

import msgspec

from routing.engine.types import Usage
from routing.providers import indoors
from routing.providers.base import Call, ChatCompletionChunk, ProviderRejectedError
from routing.providers.reply import Reply
from routing.providers.tap import invalid

PATH = "/infill"
SAME_NAME = ("temperature", "top_p", "top_k", "min_p", "seed", "presence_penalty", "frequency_penalty")


class Event(msgspec.Struct, gc=False):
    content: str = ""
    stop: bool = False
    stop_type: str = ""
    model: str = ""
    tokens_evaluated: int = 0
    tokens_predicted: int = 0
    error: Any = None


EVENT = msgspec.json.Decoder(Event)


def body_of(call: Call) -> bytes:
    body = call.body
    members = {name: body[name] for name in SAME_NAME if body.get(name) is not None}
    if body.get("max_tokens") is not None:
        members["n_predict"] = body["max_tokens"]
    if stop := body.get("stop"):
        members["stop"] = [stop] if isinstance(stop, str) else stop
    around = {"input_prefix": body["prompt"], "input_suffix": body.get("suffix") or ""}
    return msgspec.json.encode({"model": call.model, **around, **members, "stream": True})


class Infilling:
    """Events of `/infill` to indoor chunks."""

    def __init__(self, chunks: indoors.Chunks, reply: Reply, *, with_usage: bool) -> None:
        self._chunks = chunks
        self._reply = reply
        self._with_usage = with_usage

    @property
    def is_done(self) -> bool:
        return self._chunks.account.is_complete

    def chunks_of(self, payload: bytes) -> Sequence[ChatCompletionChunk]:
        try:
            event = EVENT.decode(payload)
        except (msgspec.DecodeError, UnicodeDecodeError) as exc:
            raise invalid("an event that cannot be read", self._reply) from exc
        if event.error:
            raise self._reply.failure_inside(500, payload)
        delta = {"content": event.content} if event.content else {}
        return (self._last(event, delta) if event.stop else self._chunks.delta(delta),)

    def end(self) -> Sequence[ChatCompletionChunk]:
        if not self.is_done:
            raise invalid("a stream that ended before its answer did", self._reply)
        return (self._chunks.usage(),) if self._with_usage else ()

    def _last(self, event: Event, delta: dict[str, Any]) -> ChatCompletionChunk:
        account = self._chunks.account
        account.response_model = event.model
        account.finish_reason = "length" if event.stop_type == "limit" else "stop"
        account.usage = Usage(fresh_input_tokens=event.tokens_evaluated, output_tokens=event.tokens_predicted)
        account.is_complete = True
        chunk = self._chunks.delta(delta, account.finish_reason)
        account.response_id = chunk["id"]
        return chunk


def explained(exc: ProviderRejectedError) -> ProviderRejectedError:
    if exc.status == 501:
        exc.kind = "fill_not_supported"
        exc.message = f"{exc.message.strip()}: serve a model that was trained to fill in (LOCAL_FIM_MODEL)"
    return exc
