"""How many calls a process may have in flight at the local model."""

import asyncio
from collections import deque


class LocalSlots:
    """First come, first served; a slot that falls free goes straight to who waits longest."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_flight = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def has_free(self) -> bool:
        return self.in_flight < self.limit

    async def acquire(self, wait_seconds: float) -> bool:
        """Whether a slot was had within the wait. Each yes needs its `release`."""
        if self.has_free:
            self.in_flight += 1
            return True
        if wait_seconds <= 0:
            return False
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait((turn,), timeout=wait_seconds)
        except asyncio.CancelledError:
            if turn.done():
                self.release()
            raise
        finally:
            if not turn.done():
                self._waiting.remove(turn)
        return turn.done()

    def release(self) -> None:
        if self._waiting:
            self._waiting.popleft().set_result(None)
        else:
            self.in_flight -= 1
