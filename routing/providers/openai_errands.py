"""Beside chat, at a server that speaks OpenAI: `/v1/completions` with a suffix, and `/v1/embeddings`."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from routing.providers.base import Account, Call, ChatCompletionChunk
from routing.providers.embedding import embedded
from routing.providers.reply import Reply
from routing.providers.streaming import Translation
from routing.providers.tap import TokenCounts, invalid

FILL_PATH, EMBED_PATH = "/v1/completions", "/v1/embeddings"
INDOOR_MEMBERS = ("messages", "model", "provider", "stream", "stream_options")


class Vector(msgspec.Struct, gc=False):
    embedding: list[float] | str
    index: int = 0


class Vectors(msgspec.Struct, gc=False):
    data: list[Vector]
    model: str = ""
    usage: TokenCounts | None = None


VECTORS = msgspec.json.Decoder(Vectors)


def body_of(call: Call, **ours: Any) -> bytes:
    """The client's own members, also those that only the server knows."""
    members = {name: value for name, value in call.body.items() if name not in INDOOR_MEMBERS}
    return msgspec.json.encode({**members, "model": call.model, **ours})


class Filled:
    """Chunks of a text completion as chunks of a chat's."""

    def __init__(self, texts: Translation) -> None:
        self._texts = texts
        self.end = texts.end

    @property
    def is_done(self) -> bool:
        return self._texts.is_done

    def chunks_of(self, payload: bytes) -> Iterator[ChatCompletionChunk]:
        for chunk in self._texts.chunks_of(payload):
            assert isinstance(chunk, dict)  # nobody asked for text alone
            choices = [choice_of(choice) for choice in chunk.get("choices") or ()]
            yield {**chunk, "object": "chat.completion.chunk", "choices": choices}


def choice_of(choice: Mapping[str, Any]) -> dict[str, Any]:
    text = choice.get("text")
    delta = {"content": text} if isinstance(text, str) and text else {}
    return {"index": 0, "delta": delta, "logprobs": None, "finish_reason": choice.get("finish_reason")}


def vectors_of(raw: bytes, body: Mapping[str, Any], account: Account, reply: Reply) -> dict[str, Any]:
    try:
        found = VECTORS.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise invalid("an answer that cannot be read", reply) from exc
    account.response_model = found.model
    account.usage = found.usage.as_usage() if found.usage else None
    vectors = [entry.embedding for entry in sorted(found.data, key=lambda entry: entry.index)]
    return embedded(vectors, body, account, reply)
