"""Requests per minute and key, by leases of one window that all processes share through Redis.

Each process draws leases ahead of need, in the background: admitting normally costs no I/O. What that costs:

- a window may be overshot by one lease (a twentieth of the limit) per process: the credit on which a process admits
  until its first draw of a window has come back. Limits below 20 know no credit and are exact;
- near the end of a window leases shrink to single requests, which wait for their draw, at most ten draws a second;
- while Redis is away, each process goes on with what it used in the last good window, a lease at least;
- without a Redis the limit holds in each process by itself.
"""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple

from redis.exceptions import RedisError

from smartgateway.keys import windows
from smartgateway.keys.errors import RateLimitExceededError
from smartgateway.keys.snapshots import KeySnapshot
from smartgateway.keys.windows import WINDOW_SECONDS, Grant

DRAW_INTERVAL_SECONDS = 0.1
RETRY_SECONDS = 1.0  # between draws while Redis is away
LEASES_PER_WINDOW = 20
MOST_KEYS = 10_000


class RateLimit(NamedTuple):
    limit: int
    remaining: int
    reset_seconds: float


class Lease:
    """One process's part in the window of one key.

    `tokens` may be spent without asking, down to `floor`, which is below zero while there is credit.
    """

    __slots__ = (
        "draw_at", "drawing", "floor", "is_away", "key_id", "limit", "low", "refused_until",
        "remaining", "share", "size", "tokens", "used", "waiting", "window_end",
    )  # fmt: skip

    def __init__(self, key_id: int, limit: int, now: float) -> None:
        self.key_id = key_id
        self.used = self.waiting = self.share = 0
        self.is_away = False
        self.draw_at = now
        self.drawing: asyncio.Task[None] | None = None
        self.begin(limit, now)

    def begin(self, limit: int, now: float) -> None:
        """A new window. While Redis is away the share stays what it was when it was last there."""
        credit = limit // LEASES_PER_WINDOW
        self.limit, self.size = limit, max(1, credit)
        if not self.is_away:
            self.share = min(limit, max(self.size, self.used))
        self.tokens, self.floor = (self.share, 0) if self.is_away else (0, -credit)
        self.remaining = 0 if self.is_away else limit
        self.used, self.low = 0, self.tokens
        self.refused_until = 0.0
        self.window_end = now + WINDOW_SECONDS

    def take(self) -> bool:
        if self.tokens <= self.floor:
            return False
        self.tokens -= 1
        self.used += 1
        return True

    def accept(self, grant: Grant, spent: int, now: float) -> None:
        self.tokens = grant.granted + (0 if self.is_away else self.tokens + spent)
        self.floor, self.low, self.is_away = 0, self.tokens // 2, False
        self.remaining, self.window_end = grant.remaining, now + grant.reset_seconds
        if not grant.remaining:
            self.refused_until = self.window_end

    def go_alone(self, allowed: int, until: float) -> None:
        """Without a shared window: `allowed` requests in this one, and no further draw until then."""
        self.tokens = max(self.tokens, allowed - self.used)
        self.floor = self.low = self.remaining = 0
        self.refused_until = until

    def as_rate_limit(self, now: float) -> RateLimit:
        return RateLimit(self.limit, max(0, self.remaining + self.tokens), max(0.0, self.window_end - now))


class Limiter:
    def __init__(
        self,
        draw: Callable[..., Awaitable[Grant | None]] = windows.draw,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._draw, self._clock, self._sleep = draw, clock, sleep
        self._leases: dict[int, Lease] = {}

    async def admit(self, key: KeySnapshot) -> RateLimit:
        while True:
            now = self._clock()
            lease = self._lease(key, now)
            if lease.take():
                if lease.tokens <= lease.low and lease.drawing is None and now >= lease.refused_until:
                    self._start_drawing(lease)
                return lease.as_rate_limit(now)
            if now < lease.refused_until:
                raise RateLimitExceededError(max(1, math.ceil(lease.window_end - now)), lease.limit)
            await self._wait_for_draw(lease)

    def _lease(self, key: KeySnapshot, now: float) -> Lease:
        lease = self._leases.get(key.id)
        if lease is None:
            if len(self._leases) >= MOST_KEYS:
                del self._leases[next(iter(self._leases))]
            lease = self._leases[key.id] = Lease(key.id, key.requests_per_minute, now)
        elif now >= lease.window_end or lease.limit != key.requests_per_minute:
            lease.begin(key.requests_per_minute, now)
        return lease

    async def _wait_for_draw(self, lease: Lease) -> None:
        lease.waiting += 1
        try:
            await asyncio.shield(lease.drawing or self._start_drawing(lease))
        finally:
            lease.waiting -= 1

    def _start_drawing(self, lease: Lease) -> "asyncio.Task[None]":
        lease.drawing = asyncio.create_task(self._draw_lease(lease))
        return lease.drawing

    async def _draw_lease(self, lease: Lease) -> None:
        try:
            await self._sleep(max(0.0, lease.draw_at - self._clock()))
            lease.draw_at = self._clock() + DRAW_INTERVAL_SECONDS
            await self._draw_now(lease)
        finally:
            lease.drawing = None

    async def _draw_now(self, lease: Lease) -> None:
        held = 0 if lease.is_away else lease.tokens
        spent, ahead = max(0, -held), max(0, lease.size - max(0, held))
        window_end = lease.window_end
        try:
            grant = await self._draw(lease.key_id, lease.limit, spent=spent, due=lease.waiting, ahead=ahead)
        except (RedisError, OSError):
            self._lose_redis(lease)
            return
        if grant is None:
            lease.go_alone(lease.limit, until=lease.window_end)
        else:
            lease.accept(grant, spent if lease.window_end == window_end else 0, self._clock())

    def _lose_redis(self, lease: Lease) -> None:
        lease.is_away = True
        now = self._clock()
        lease.draw_at = now + RETRY_SECONDS
        lease.go_alone(lease.share, until=min(lease.window_end, lease.draw_at))


limiter = Limiter()
admit = limiter.admit
