"""The connections to one origin: kept, lent and counted. A slot is a connection that is open or being opened."""

import asyncio
from collections import deque
from collections.abc import Mapping
from math import inf

import httpx

from routing.providers.transport.connection import Connection
from routing.providers.transport.dialling import Origin

Waiter = asyncio.Future[Connection | None]


class Pool:
    """Whoever finds no free slot waits in line. Nobody waits while there is a free connection or slot."""

    def __init__(self, origin: Origin, limits: httpx.Limits) -> None:
        self._origin = origin
        self._max_slots = inf if limits.max_connections is None else limits.max_connections
        self._max_idle = inf if limits.max_keepalive_connections is None else limits.max_keepalive_connections
        self._idle_seconds = limits.keepalive_expiry
        self._slots = 0
        self._idle: list[Connection] = []  # the last one used is lent first: the least likely to have been closed
        self._waiters: deque[Waiter] = deque()
        self._open: set[Connection] = set()
        self._is_closed = False

    async def acquire(self, timeouts: Mapping[str, float | None], *, evict: bool = False) -> Connection:
        """A free connection or a new one; `evict` gives up a free one for a new one."""
        if evict and self._idle:
            self._idle[-1].close(httpx.ReadError("replaced"))
        if self._idle and not evict:
            return self._idle.pop()
        if self._slots < self._max_slots:
            self._slots += 1
        else:
            connection = await self._wait(timeouts.get("pool"))
            if connection is not None:
                return connection if connection.is_open else await self.acquire(timeouts, evict=evict)
        return await self._dial(timeouts.get("connect"))

    async def _dial(self, seconds: float | None) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            connection = await self._origin.dial(lambda: Connection(self, loop), seconds)
        except BaseException:
            self._free_slot()
            raise
        if connection.is_open:
            self._open.add(connection)
        if self._is_closed:
            connection.close(httpx.ReadError("the transport is closed"))
        return connection

    async def _wait(self, seconds: float | None) -> Connection | None:
        """In line for a connection, or None for the right to open one."""
        loop = asyncio.get_running_loop()
        waiter: Waiter = loop.create_future()
        self._waiters.append(waiter)
        timer = None if seconds is None else loop.call_later(seconds, refuse, waiter, seconds)
        try:
            return await waiter
        except BaseException:
            if waiter in self._waiters:
                self._waiters.remove(waiter)
            elif not waiter.cancelled() and waiter.exception() is None:
                self._pass_on(waiter.result())
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _pass_on(self, connection: Connection | None) -> None:
        """What was handed to someone who has gone."""
        if connection is None:
            self._free_slot()
        elif connection.is_open:
            self.release(connection)

    def release(self, connection: Connection) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(connection)
                return
        if len(self._idle) < self._max_idle:
            self._idle.append(connection)
            connection.expect(self._idle_seconds)
        else:
            connection.close(httpx.ReadError("enough are kept"))

    def lost(self, connection: Connection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)
        self._open.discard(connection)
        self._free_slot()

    def _free_slot(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                waiter.set_result(None)
                return
        self._slots -= 1

    def close(self) -> None:
        self._is_closed = True
        error = httpx.ConnectError("the transport is closed")
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(error)
        self._waiters.clear()
        for connection in list(self._open):
            connection.close(httpx.ReadError("the transport is closed"))


def refuse(waiter: Waiter, seconds: float) -> None:
    if not waiter.done():
        waiter.set_exception(httpx.PoolTimeout(f"no free connection within {seconds} s"))
