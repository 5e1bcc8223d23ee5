"""Filling in at llama.cpp: its `/v1/completions` overlooks a suffix without a word, `/infill` does not."""

from typing import Any

import msgspec

from routing.engine.types import Usage
from routing.providers.base import Call, ChatCompletionChunk, ProviderRejectedError
from routing.providers.chunks import Chunks
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


def chunk_of(payload: bytes, reply: Reply, chunks: Chunks) -> ChatCompletionChunk:
    try:
        event = EVENT.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise invalid("an event that cannot be read", reply) from exc
    if event.error:
        raise reply.failure_inside(500, payload)
    delta = {"content": event.content} if event.content else {}
    return last(event, delta, chunks) if event.stop else chunks.delta(delta)


def last(event: Event, delta: dict[str, Any], chunks: Chunks) -> ChatCompletionChunk:
    account = chunks.account
    account.response_model = event.model
    account.finish_reason = "length" if event.stop_type == "limit" else "stop"
    account.usage = Usage(fresh_input_tokens=event.tokens_evaluated, output_tokens=event.tokens_predicted)
    account.is_complete = True
    chunk = chunks.delta(delta, account.finish_reason)
    account.response_id = chunk["id"]
    return chunk


def explained(exc: ProviderRejectedError) -> ProviderRejectedError:
    if exc.status == 501:
        exc.kind = "fill_not_supported"
        exc.message = f"{exc.message.strip()}: serve a model that was trained to fill in (LOCAL_FIM_MODEL)"
    return exc
