"""A stream on its way out: chunks as they come, the end only when its outcome is durable."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from routing.providers.base import Account, Batch, Call, ChatCompletionChunk, Provider, Stream
from smartgateway.completions import settle
from smartgateway.completions.errors import GatewayError, as_gateway_error
from smartgateway.completions.exchange import Exchange


class Renderer(Protocol):
    """A face's events, as bytes."""

    def chunk(self, chunk: ChatCompletionChunk) -> bytes: ...

    def end(self) -> bytes: ...

    def error(self, exc: GatewayError) -> bytes: ...


@dataclass(slots=True)
class Opened:
    """A stream with its first batch in hand (empty, when all it had completes the answer)."""

    stream: Stream
    first: Batch

    @property
    def account(self) -> Account:
        return self.stream.account


async def opened(provider: Provider, call: Call) -> Opened:
    """Wait for the first batch: until then a failure still has a real status and another tier may serve."""
    return await begun(await provider.stream(call))


async def begun(stream: Stream) -> Opened:
    return Opened(stream, await anext(stream.batches, b""))


class Last(bytes):
    """The end of an answer: nothing comes after it."""


async def relayed(exchange: Exchange, answer: Opened, render: Renderer) -> AsyncGenerator[bytes, None]:
    """Every way out passes `settle`; closing this generator closes the upstream connection."""
    stream = answer.stream
    passing = Passing(exchange, stream) if stream.is_raw else Rendering(exchange, render)
    try:
        exchange.first_byte_at = time.perf_counter()
        async with aclosing(stream.batches) as batches:
            yield passing.events(answer.first)  # even if empty: the status is known by now
            async for batch in batches:
                if events := passing.events(batch):
                    yield events
        await settle.answered(exchange)
        yield Last(passing.end())
    except Exception as exc:
        error = as_gateway_error(exc, exchange.ask.dialect)
        if not exchange.is_settled:
            exchange.attempts[-1].error_type = error.code
        await settle.failed_or_logged(exchange, error)
        yield Last(render.error(error))
    except BaseException as exc:
        await settle.failed(exchange, exc)
        raise


class Passing:
    """Bytes of the face's own dialect, as they came."""

    def __init__(self, exchange: Exchange, stream: Stream) -> None:
        self._exchange = exchange
        self._tail = stream.tail

    def events(self, batch: Batch) -> bytes:
        assert isinstance(batch, bytes)
        self._exchange.chunks_relayed += batch.count(b"data:")
        return batch

    def end(self) -> bytes:
        return bytes(self._tail)


class Rendering:
    """Chunks as the face's events, those of one batch in one piece; the ones that complete the answer are kept back."""

    def __init__(self, exchange: Exchange, render: Renderer) -> None:
        self._exchange = exchange
        self._render = render
        self._render_text = getattr(render, "text", None) or self._as_chunk
        self._newest: ChatCompletionChunk = {}
        self._held = bytearray()

    def events(self, batch: Batch) -> bytes:
        events: list[bytes] = []
        for piece in batch:
            if isinstance(piece, str):
                event, is_end = self._render_text(piece), False
            else:
                assert isinstance(piece, dict)
                self._newest = piece
                event, is_end = self._render.chunk(piece), completes(piece)
            if is_end or self._held:
                self._held += event
            else:
                events.append(event)
        self._exchange.chunks_relayed += len(events)
        return b"".join(events)

    def _as_chunk(self, text: str) -> bytes:
        """For a renderer that has no way of its own with text alone."""
        choice = {"index": 0, "delta": {"content": text}, "logprobs": None, "finish_reason": None}
        return self._render.chunk({**self._newest, "choices": [choice]})

    def end(self) -> bytes:
        return bytes(self._held) + self._render.end()


def completes(chunk: ChatCompletionChunk) -> bool:
    """Whether this chunk tells the client that the answer is whole."""
    choices = chunk.get("choices")
    return bool(choices[0].get("finish_reason") if choices else chunk.get("usage"))
