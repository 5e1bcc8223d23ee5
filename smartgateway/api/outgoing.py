"""Streams on their way to clients: a sign of life in long silence, and an end for clients that read no more.

One look a second at all open streams costs the chunks nothing: they only set back a counter.
"""

import asyncio
import logging
from typing import Any, ClassVar

COMMENT = b": ping\n\n"
PING_SECONDS = 15
BEGIN_SECONDS = 20  # routers of platforms give up on a request without a byte after 30
STALLED_SECONDS = 600
HEADERS = [
    (b"content-type", b"text/event-stream"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]
logger = logging.getLogger(__name__)


class Outgoing:
    """One stream. `aside` is a ping under way, to be awaited before anything else is sent."""

    sends: ClassVar[dict[asyncio.Task[Any], Any]] = {}  # ASGI's send of each request being answered
    open: ClassVar[dict[asyncio.Task[Any], "Outgoing"]] = {}

    def __init__(self, task: asyncio.Task[Any], send: Any, ping: bytes) -> None:
        self.task = task
        self.send = send
        self.ping = ping
        self.has_begun = False
        self.is_sending = False
        self.is_given_up = False
        self.quiet_seconds = 0
        self.aside: asyncio.Task[None] | None = None

    async def begin(self, headers: list[tuple[bytes, bytes]]) -> None:
        self.has_begun = True
        await self.send({"type": "http.response.start", "status": 200, "headers": headers})

    async def finish_aside(self) -> None:
        if self.aside is not None:
            await self.aside
            self.aside = None

    def tend(self) -> None:
        self.quiet_seconds += 1
        if self.is_sending:
            if self.quiet_seconds >= STALLED_SECONDS:
                self.give_up()
        elif self.quiet_seconds >= (PING_SECONDS if self.has_begun else BEGIN_SECONDS):
            self.is_sending, self.quiet_seconds = True, 0
            self.aside = asyncio.create_task(self._show_life())

    def give_up(self) -> None:
        """Nothing was read for so long that nobody will: the request ends as if the client had hung up."""
        self.is_given_up = True
        self.quiet_seconds = 0
        self.task.cancel()
        transport = getattr(getattr(self.send, "__self__", None), "transport", None)
        if transport is not None:  # uvicorn's: a mere close would wait for what is never read
            transport.abort()

    async def _show_life(self) -> None:
        """Headers first where an upstream has been silent from the start: from here on a failure is an event."""
        sign = self.ping
        try:
            if not self.has_begun:
                sign = COMMENT
                await self.begin(HEADERS)
            await self.send({"type": "http.response.body", "body": sign, "more_body": True})
        except Exception:
            logger.exception("A sign of life could not be sent")
        self.is_sending = False


def opened(ping: bytes) -> Outgoing:
    """The current request's stream, watched over until the request ends."""
    task = asyncio.current_task()
    assert task is not None
    found = Outgoing.open.get(task)
    if found is None:
        found = Outgoing.open[task] = Outgoing(task, Outgoing.sends.get(task), ping)
    return found


def closed(task: asyncio.Task[Any]) -> Outgoing | None:
    Outgoing.sends.pop(task, None)
    stream = Outgoing.open.pop(task, None)
    if stream is not None and stream.aside is not None:
        stream.aside.cancel()
    return stream


async def tend_all() -> None:
    """To be called once a second."""
    for stream in list(Outgoing.open.values()):
        stream.tend()
