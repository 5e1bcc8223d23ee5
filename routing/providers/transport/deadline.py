"""One timer for a connection's whole life: each wait only moves the deadline, which costs a comparison."""

import asyncio
from collections.abc import Callable
from math import inf


class Deadline:
    def __init__(self, loop: asyncio.AbstractEventLoop, passed: Callable[[], None]) -> None:
        self._loop = loop
        self._passed = passed
        self._at = inf
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = inf

    def expect(self, seconds: float | None) -> None:
        """From now on `passed` is called after `seconds`; the timer is only moved when it would ring too late."""
        if seconds is None:
            self._at = inf
            return
        self._at = self._loop.time() + seconds
        if self._at < self._timer_at:
            self.cancel()
            self._set_timer()

    def cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

    def _set_timer(self) -> None:
        self._timer_at = self._at
        self._timer = self._loop.call_at(self._at, self._ring)

    def _ring(self) -> None:
        self._timer, self._timer_at = None, inf
        if self._loop.time() >= self._at:
            self._passed()
        elif self._at != inf:
            self._set_timer()
