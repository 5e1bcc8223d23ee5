"""A TCP front before a double, which misbehaves below HTTP and sees when the other side hangs up.

Words in a request make it act instead of passing it on: [[silence]] (never answers), [[garbage]] (answers in no HTTP),
[[hang-up]] (closes without a byte).
"""

import asyncio
import re
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
ATTEMPT = re.compile(rb"\r\nx-request-id: *(\S+)", re.IGNORECASE)
WORD = re.compile(rb"\[\[(silence|garbage|hang-up)\]\]")
GARBAGE = b"\x16\x03\x01 this is no HTTP\r\n\r\n"


@dataclass
class Passed:
    """A request that came by; `closed_at` is when its connection was closed by who sent it, by `time.monotonic`."""

    attempt_id: str
    content: bytes
    closed_at: float | None = None


class Front:
    def __init__(self, behind: str) -> None:
        self._behind = urlsplit(behind)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self.port = 0
        self.requests: list[Passed] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def find(self, text: str) -> Passed | None:
        """The newest request with this text in it."""
        return next((each for each in reversed(self.requests) if text.encode() in each.content), None)

    def start(self) -> None:
        self._thread.start()
        self.accept()

    def stop(self) -> None:
        self.refuse()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(timeout=10)
        self._loop.close()

    def accept(self) -> None:
        self._run(self._listen())

    def refuse(self) -> None:
        """Nobody listens any more, and who is connected is cut off."""
        self._run(self._close())

    @contextmanager
    def refusing(self) -> Iterator[None]:
        self.refuse()
        try:
            yield
        finally:
            self.accept()

    def _run(self, step: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(timeout=10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._play, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._open:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        self._open.add(writer)
        try:
            with suppress(OSError):
                await self._pass_on(reader, writer)
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.transport.abort()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_double, to_double = await asyncio.open_connection(self._behind.hostname, self._behind.port)
        back = asyncio.create_task(pump(from_double, writer))
        passed, pending = None, b""
        try:
            while data := await reader.read(65536):
                pending += data
                if whole := end_of_request(pending):
                    content, pending = pending[:whole], pending[whole:]
                    passed = self._note(content)
                    if not misbehaved(content, writer):
                        to_double.write(content)
        finally:
            if passed is not None:
                passed.closed_at = time.monotonic()
            back.cancel()
            to_double.transport.abort()

    def _note(self, content: bytes) -> Passed:
        found = ATTEMPT.search(content)
        passed = Passed(found[1].decode() if found else "", content)
        self.requests.append(passed)
        return passed


def end_of_request(data: bytes) -> int:
    """Where the first request ends; 0 while it is not whole."""
    head = data.find(b"\r\n\r\n") + 4
    length = LENGTH.search(data, 0, head)
    end = head + (int(length[1]) if length else 0)
    return end if head >= 4 and end <= len(data) else 0


def misbehaved(content: bytes, writer: asyncio.StreamWriter) -> bool:
    word = WORD.search(content)
    if word is None:
        return False
    if word[1] == b"garbage":
        writer.write(GARBAGE)
    elif word[1] == b"hang-up":
        writer.transport.abort()
    return True


async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.transport.abort()


@contextmanager
def fronting(behind: str) -> Iterator[Front]:
    front = Front(behind)
    front.start()
    try:
        yield front
    finally:
        front.stop()
