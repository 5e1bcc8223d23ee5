"""Recorded replies, played back by httpx's mock transport in whatever pieces a test wants."""

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import httpx

from routing.providers.base import ProviderError, Stream
from routing.providers.http import Upstream

TRANSCRIPTS = Path(__file__).parent / "transcripts"


class Pieces(httpx.AsyncByteStream):
    """A body that arrives in these reads, then ends, or breaks with `error`. Notes whether it was closed."""

    def __init__(self, *pieces: bytes, error: Exception | None = None) -> None:
        self.pieces = pieces
        self.error = error
        self.is_closed = False

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self.pieces:
            yield piece
        if self.error:
            raise self.error

    async def aclose(self) -> None:
        self.is_closed = True


def transcript(name: str) -> bytes:
    return (TRANSCRIPTS / name).read_bytes()


def answering(
    content: bytes | httpx.AsyncByteStream, status: int = 200, headers: dict[str, str] | None = None
) -> Callable[[httpx.Request], httpx.Response]:
    """A handler that always answers this."""
    stream = Pieces(content) if isinstance(content, bytes) else content
    return lambda request: httpx.Response(
        status, headers=headers or {"content-type": "application/json"}, stream=stream
    )


def upstream(
    handler: Callable[[httpx.Request], httpx.Response], headers: dict[str, str] | None = None, label: str = "the server"
) -> Upstream:
    return Upstream(httpx.MockTransport(handler), "http://upstream.test", label=label, headers=headers or {})


async def outcome_of(stream: Stream) -> tuple[list, ProviderError | None]:
    """Everything a stream yields (blocks of bytes where it is raw, otherwise single chunks), and how it failed."""
    chunks = []
    try:
        async for batch in stream.batches:
            chunks += [batch] if stream.is_raw else batch
    except ProviderError as exc:
        return chunks, exc
    return chunks, None


def cut(content: bytes, places: list[int]) -> list[bytes]:
    """The content in pieces, cut at these places."""
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return [content[start:end] for start, end in pairwise(edges)]
