"""An open stream: what each read of the upstream's answer holds, until the dialect's own end.

One read becomes one batch, worked out at once: however many events came in together, they leave together.
"""

from collections.abc import AsyncGenerator, Coroutine, Iterable, Sequence
from typing import Any, Protocol

from routing.providers import sse
from routing.providers.base import Batch, Piece, ProviderError
from routing.providers.reply import Reply, drain


class Reader(Protocol):
    """One answer's reads to batches. What goes wrong is kept in `failure`: what stood before it is sent first."""

    @property
    def failure(self) -> ProviderError | None: ...

    @property
    def is_done(self) -> bool:
        """The dialect's own end has come in; nothing after it counts."""
        ...

    def feed(self, data: bytes) -> Batch: ...

    def finish(self) -> Batch:
        """After the last read; an answer that is not whole by now has failed."""
        ...


class Translation(Protocol):
    """A dialect's single payloads to indoor chunks; a `ProviderError` ends the stream."""

    @property
    def is_done(self) -> bool: ...

    def chunks_of(self, payload: bytes) -> Iterable[Piece]: ...

    def end(self) -> Iterable[Piece]:
        """What stands at the end of a whole answer; of any other it is the failure."""
        ...


class Payloads(Protocol):
    """Whole payloads out of reads that are cut anywhere."""

    def feed(self, data: bytes) -> Iterable[bytes]: ...

    def flush(self) -> Iterable[bytes]: ...


class Events:
    """The data of server-sent events."""

    __slots__ = ("_frames",)

    def __init__(self) -> None:
        self._frames = sse.Frames()

    def feed(self, data: bytes) -> Sequence[bytes]:
        found = map(sse.data_of, sse.split(self._frames.feed(data)))
        return [payload for payload in found if payload is not None]

    def flush(self) -> Sequence[bytes]:
        data = sse.data_of(self._frames.flush())
        return () if data is None else (data,)


class Translated:
    """A reader of a foreign dialect."""

    __slots__ = ("_payloads", "_translation", "failure")

    def __init__(self, payloads: Payloads, translation: Translation) -> None:
        self.failure: ProviderError | None = None
        self._payloads = payloads
        self._translation = translation

    @property
    def is_done(self) -> bool:
        return self._translation.is_done

    def feed(self, data: bytes) -> Sequence[Piece]:
        chunks: list[Piece] = []
        try:
            self._translate(self._payloads.feed(data), chunks)
        except ProviderError as exc:
            self.failure = exc
        return chunks

    def finish(self) -> Sequence[Piece]:
        chunks: list[Piece] = []
        try:
            self._translate(self._payloads.flush(), chunks)
            chunks += self._translation.end()
        except ProviderError as exc:
            self.failure = exc
        return chunks

    def _translate(self, payloads: Iterable[bytes], chunks: list[Piece]) -> None:
        translation = self._translation
        for payload in payloads:
            if translation.is_done:
                break
            chunks += translation.chunks_of(payload)


class OpenBatches(AsyncGenerator[Batch, None]):
    """The batches of a reply, whose closing closes the reply even when nothing was read of it."""

    __slots__ = ("_batches", "_reply")

    def __init__(self, reply: Reply, reader: Reader) -> None:
        self._reply = reply
        self._batches = batches(reply, reader)

    def __anext__(self) -> Coroutine[Any, Any, Batch]:
        return self._batches.__anext__()

    def asend(self, value: None) -> Coroutine[Any, Any, Batch]:
        return self._batches.asend(value)

    def athrow(self, *exc: Any) -> Coroutine[Any, Any, Batch]:
        return self._batches.athrow(*exc)

    async def aclose(self) -> None:
        try:
            await self._batches.aclose()
        finally:
            await self._reply.aclose()


async def batches(reply: Reply, reader: Reader) -> AsyncGenerator[Batch, None]:
    async with reply as reads:
        async for data in reads:
            if batch := reader.feed(data):
                yield batch
            if reader.failure is not None:
                raise reader.failure
            if reader.is_done:
                await drain(reply, reads)
                break
    if batch := reader.finish():
        yield batch
    if reader.failure is not None:
        raise reader.failure
