"""Beside chat: filling in at a cursor (`/api/generate`) and embeddings (`/api/embed`), in the indoor form."""

from collections.abc import Mapping
from typing import Any

import msgspec

from routing.engine.types import Usage
from routing.providers.base import Account, Call, ChatCompletionChunk
from routing.providers.chunks import Chunks
from routing.providers.embedding import embedded, texts_of
from routing.providers.ollama.request import options_of
from routing.providers.reply import Reply
from routing.providers.tap import invalid

FILL_PATH, EMBED_PATH = "/api/generate", "/api/embed"


class Line(msgspec.Struct, gc=False):
    model: str = ""
    response: str = ""
    done: bool = False
    done_reason: str | None = None
    prompt_eval_count: int = 0
    eval_count: int = 0
    error: Any = None


class Vectors(msgspec.Struct, gc=False):
    model: str = ""
    embeddings: list[list[float]] = []
    prompt_eval_count: int = 0


LINE, VECTORS = msgspec.json.Decoder(Line), msgspec.json.Decoder(Vectors)


def fill_body(call: Call, *, num_ctx: int, keep_alive: int | str) -> dict[str, Any]:
    """Without a suffix the server would take the prompt for a chat's; `raw` has it written on."""
    suffix = call.body.get("suffix") or ""
    return {
        "model": call.model,
        "prompt": call.body["prompt"],
        "stream": True,
        "truncate": False,
        "shift": False,
        "keep_alive": keep_alive,
        "options": {"num_ctx": num_ctx, **options_of(call.body)},
        **({"suffix": suffix} if suffix else {"raw": True}),
    }


def embed_body(call: Call, *, keep_alive: int | str) -> dict[str, Any]:
    dimensions = call.body.get("dimensions")
    return {
        "model": call.model,
        "input": texts_of(call.body["input"]),
        "truncate": False,  # otherwise the end of a long text is left out without a word
        "keep_alive": keep_alive,
        **({"dimensions": dimensions} if dimensions is not None else {}),
    }


def read(raw: bytes, reply: Reply) -> Line:
    try:
        line = LINE.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise invalid("a line that cannot be read", reply) from exc
    if line.error:
        raise reply.failure_inside(500, raw)
    return line


def chunk_of(raw: bytes, reply: Reply, chunks: Chunks) -> ChatCompletionChunk:
    line, account = read(raw, reply), chunks.account
    account.response_model = line.model or account.response_model
    delta = {"content": line.response} if line.response else {}
    if not line.done:
        return chunks.delta(delta)
    account.finish_reason = "length" if line.done_reason == "length" else "stop"
    account.usage = Usage(fresh_input_tokens=line.prompt_eval_count, output_tokens=line.eval_count)
    account.is_complete = True
    end = chunks.delta(delta, account.finish_reason)
    account.response_id = end["id"]
    return end


def vectors_of(raw: bytes, body: Mapping[str, Any], account: Account, reply: Reply) -> dict[str, Any]:
    try:
        found = VECTORS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise invalid("an answer that cannot be read", reply) from exc
    account.response_model = found.model
    account.usage = Usage(fresh_input_tokens=found.prompt_eval_count)
    return embedded(found.embeddings, body, account, reply)
