"""One request and its answer. It is the byte stream of the response, and outlives its hold on the connection."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing
from typing import TYPE_CHECKING

import httpx

from routing.providers.transport.messages import Head, framed

if TYPE_CHECKING:
    from routing.providers.transport.connection import Connection

STALE_SECONDS = 1.0  # a kept connection that was closed shows within a round trip; later, the peer was at work


class Exchange(httpx.AsyncByteStream):
    """Filled by its connection, read by one consumer; `connection` is None once either side is done with it."""

    def __init__(self, timeouts: Mapping[str, float | None], *, is_bodiless: bool) -> None:
        self._timeouts = timeouts  # looked up at each wait: the caller may change them once the head is there
        self.is_bodiless = is_bodiless  # the answer to HEAD
        self.connection: Connection | None = None
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        self.chunks: list[bytes] = []
        self.buffered = 0
        self.is_sent = False
        self.is_answered = False  # at least one byte came back
        self.is_complete = False
        self.is_stale = False
        self.is_writing = False
        self.error: Exception | None = None
        self._waiter: asyncio.Future[None] | None = None

    @property
    def read_timeout(self) -> float | None:
        return self._timeouts.get("read")

    @property
    def write_timeout(self) -> float | None:
        return self._timeouts.get("write")

    @property
    def is_at_end(self) -> bool:
        """All of the answer has come in and was read."""
        return self.is_complete and not self.chunks

    async def perform(
        self,
        connection: Connection,
        head: Head,
        body: bytes | None,
        stream: httpx.AsyncByteStream | httpx.SyncByteStream,
    ) -> None:
        """Send, and return when the answer's head is there."""
        is_reused, self.connection = connection.is_reused, connection
        started_at = connection.loop.time()
        try:
            connection.begin(self, head)
            if body is None:
                assert isinstance(stream, httpx.AsyncByteStream)
                await self._send_parts(head, stream)
            else:
                connection.write(head.data + body)
                if connection.is_write_paused:
                    await self._drain(connection)
            self.is_sent = True
            while not self.status and self.error is None:
                await self.wait(connection, self._timeouts.get("first_byte", self.read_timeout))
            if self.error is not None and not self.status:
                is_prompt = connection.loop.time() - started_at < STALE_SECONDS
                self.is_stale = is_reused and is_prompt and not self.is_answered and connection.is_ended_by_peer
                raise self.error
        except BaseException:
            self.abandon()
            raise

    async def _send_parts(self, head: Head, stream: httpx.AsyncByteStream) -> None:
        """Send a body as it is made, until the answer comes."""
        pending = head.data
        async with aclosing(framed(stream, head)) as parts:
            async for part in parts:
                if self.connection is None or self.status:
                    return
                self.connection.write(pending + part)
                await self._drain(self.connection)
                pending = b""
        if pending and self.connection is not None:
            self.connection.write(pending)

    async def _drain(self, connection: Connection) -> None:
        """Wait while the peer reads slowly and has not answered."""
        while connection.is_write_paused and not self.status and self.error is None:
            self.is_writing = True
            await self.wait(connection, self.write_timeout)
        self.is_writing = False

    def wait(self, connection: Connection, seconds: float | None) -> asyncio.Future[None]:
        """Until something happened, at most `seconds` of silence: the connection's one timer watches."""
        self._waiter = waiter = connection.loop.create_future()
        connection.expect(seconds)
        return waiter

    @property
    def is_waiting(self) -> bool:
        return self._waiter is not None and not self._waiter.done()

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def fail(self, error: Exception) -> None:
        self.connection = None
        if not self.is_complete and self.error is None:
            self.error = error
        self.wake()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while True:
                if self.chunks:
                    yield self._take()
                elif self.is_complete:
                    return
                elif self.error is not None:
                    raise self.error
                else:
                    assert self.connection is not None  # as long as neither end nor error is there
                    await self.wait(self.connection, self.read_timeout)
        finally:
            self.abandon()

    def _take(self) -> bytes:
        """Everything that has come in, in one piece; the connection may read on."""
        data = self.chunks[0] if len(self.chunks) == 1 else b"".join(self.chunks)
        self.chunks.clear()
        self.buffered = 0
        if self.connection is not None:
            self.connection.resume()
        return data

    def abandon(self) -> None:
        """An answer that is not read to its end takes its connection with it."""
        if self.connection is not None:
            self.connection.close(httpx.ReadError("closed before the answer's end"))

    async def aclose(self) -> None:
        self.abandon()
        self.chunks.clear()
