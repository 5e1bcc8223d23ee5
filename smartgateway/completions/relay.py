"""A stream on its way out: chunks as they come, the end only when its outcome is durable."""

import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Protocol

from routing.providers.base import Account, Call, ChatCompletionChunk, Provider, Stream
from smartgateway.completions import settle
from smartgateway.completions.errors import GatewayError, as_gateway_error
from smartgateway.completions.exchange import Exchange

END = object()


class Renderer(Protocol):
    """A face's events, as bytes."""

    def chunk(self, chunk: ChatCompletionChunk) -> bytes: ...

    def end(self) -> bytes: ...

    def error(self, exc: GatewayError) -> bytes: ...


@dataclass(slots=True)
class Opened:
    """A stream with its first chunk in hand (END, when all it had completes the answer)."""

    stream: Stream
    first: Any

    @property
    def account(self) -> Account:
        return self.stream.account


async def opened(provider: Provider, call: Call) -> Opened:
    """Wait for the first chunk: until then a failure still has a real status and another tier may serve."""
    return await begun(await provider.stream(call))


async def begun(stream: Stream) -> Opened:
    return Opened(stream, await anext(stream.chunks, END))


async def relayed(exchange: Exchange, answer: Opened, render: Renderer) -> AsyncGenerator[bytes, None]:
    """Every way out passes `settle`; closing this generator closes the upstream connection."""
    stream = answer.stream
    try:
        held = bytearray()
        exchange.first_byte_at = time.perf_counter()
        async with aclosing(stream.chunks) as chunks:
            chunk = answer.first
            while chunk is not END:
                if stream.is_raw:
                    exchange.chunks_relayed += chunk.count(b"data:")
                    yield chunk
                elif held or completes(chunk):
                    held += render.chunk(chunk)
                else:
                    exchange.chunks_relayed += 1
                    yield render.chunk(chunk)
                chunk = await anext(chunks, END)
        await settle.answered(exchange)
        yield bytes(stream.tail) if stream.is_raw else bytes(held) + render.end()
    except Exception as exc:
        error = as_gateway_error(exc, exchange.ask.dialect)
        if not exchange.is_settled:
            exchange.attempts[-1].error_type = error.code
        await settle.failed_or_logged(exchange, error)
        yield render.error(error)
    except BaseException as exc:
        await settle.failed(exchange, exc)
        raise


def completes(chunk: ChatCompletionChunk) -> bool:
    """Whether this chunk tells the client that the answer is whole."""
    choices = chunk.get("choices")
    return not choices or choices[0].get("finish_reason") is not None
