"""Session states in process and in Redis. Reads and writes of one moment travel together in one round trip."""

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from redis.asyncio import Redis
from redis.exceptions import RedisError

from routing.breakers import Breaker, State
from routing.engine.types import LADDER, SessionState, Tier

logger = logging.getLogger(__name__)
IDLE_SECONDS = 300
MOST_SESSIONS = 10_000  # in process, the least recently used leave first
READ_SECONDS = 0.05
RUN_SECONDS = 0.25
GATHER_SECONDS = 0.005  # writes wait this long for company
KEY_PREFIX = "smartgateway:session:"
UNREACHABLE = (RedisError, OSError, TimeoutError)

# A conversation is a sorted set, so that every field only ever grows, whichever process writes first.
WRITE = """
for i, key in ipairs(KEYS) do
  local at = 4 * (i - 1)
  redis.call('ZADD', key, 'GT', ARGV[at+1], 'tier', ARGV[at+2], 'tools', ARGV[at+3], 'seen_at')
  redis.call('PEXPIRE', key, ARGV[at+4])
end
"""
READ = """
local found = {}
for i, key in ipairs(KEYS) do
  found[i] = {}
  for j, field in ipairs({'tier', 'tools', 'seen_at'}) do
    found[i][j] = redis.call('ZSCORE', key, field)
  end
end
return found
"""


class Seen(NamedTuple):
    rank: int
    used_tools: bool
    at: float
    idle_seconds: float = IDLE_SECONDS  # how long from then on it is worth knowing

    def joined(self, other: "Seen | None") -> "Seen":
        if other is None:
            return self
        rank, used_tools = max(self.rank, other.rank), self.used_tools or other.used_tools
        return Seen(rank, used_tools, max(self.at, other.at), self.idle_seconds)


Readers = dict[str, list[asyncio.Future["Seen | None"]]]


class SessionStore:
    def __init__(self, connection: "Redis | None" = None, clock: Callable[[], float] = time.time) -> None:
        self._connection = connection
        self._clock = clock
        self._breaker = Breaker("sessions", failures_to_open=3, open_seconds=5.0)
        self._known: OrderedDict[str, Seen] = OrderedDict()
        self._unsent: dict[str, Seen] = {}
        self._readers: Readers = {}
        self._reading: asyncio.Task[None] | None = None
        self._writing: asyncio.Task[None] | None = None

    async def recall(self, key: str) -> SessionState | None:
        own = self._own(key)
        shared = await self._shared(key)
        seen = shared.joined(own) if shared else own
        if seen is None:
            return None
        self._keep(key, seen)
        return SessionState(LADDER[seen.rank], seen.used_tools, max(0.0, self._clock() - seen.at))

    def remember(self, key: str, tier: Tier, used_tools: bool, idle_seconds: float = IDLE_SECONDS) -> None:
        seen = Seen(LADDER.index(tier), used_tools, self._clock(), idle_seconds).joined(self._own(key))
        self._keep(key, seen)
        if self._connection is not None:
            self._unsent[key] = seen
            if self._writing is None or self._writing.done():
                self._writing = asyncio.get_running_loop().create_task(self._write_later())

    async def flush(self) -> None:
        await self._write()
        await asyncio.gather(*(task for task in (self._reading, self._writing) if task is not None))

    def _keep(self, key: str, seen: Seen) -> None:
        self._known[key] = seen
        self._known.move_to_end(key)
        if len(self._known) > MOST_SESSIONS:
            self._known.popitem(last=False)

    def _own(self, key: str) -> Seen | None:
        seen = self._known.get(key)
        if seen is not None and self._clock() - seen.at >= seen.idle_seconds:
            del self._known[key]
            return None
        return seen

    async def _shared(self, key: str) -> Seen | None:
        if self._connection is None or not self._breaker.allows():
            return None
        try:
            async with asyncio.timeout(READ_SECONDS):
                seen = await self._asked(key)
        except UNREACHABLE as exc:
            self._note_failure(exc)
            return None
        self._breaker.succeeded()
        return seen

    def _asked(self, key: str) -> "asyncio.Future[Seen | None]":
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Seen | None] = loop.create_future()
        self._readers.setdefault(key, []).append(answer)
        if self._reading is None or self._reading.done():
            self._reading = loop.create_task(self._read())
        return answer

    async def _read(self) -> None:
        """Asks for all who wait; those who come meanwhile are the next round."""
        while self._readers:
            readers, self._readers = self._readers, {}
            try:
                found = await self._run(READ, list(readers), [])
            except UNREACHABLE as exc:
                _fail(readers, exc)
            else:
                _answer(readers, found)

    async def _write_later(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        await self._write()

    async def _write(self) -> None:
        if not self._unsent:
            return
        unsent, self._unsent = self._unsent, {}
        arguments: list[float] = []
        for seen in unsent.values():
            arguments += (seen.rank, int(seen.used_tools), seen.at, max(1, int(seen.idle_seconds * 1000)))
        try:
            await self._run(WRITE, list(unsent), arguments)
        except UNREACHABLE as exc:
            self._note_failure(exc)

    async def _run(self, script: str, keys: list[str], arguments: list[float]) -> Any:
        assert self._connection is not None
        async with asyncio.timeout(RUN_SECONDS):
            names = [KEY_PREFIX + key for key in keys]
            return await self._connection.eval(script, len(names), *names, *arguments)

    def _note_failure(self, exc: BaseException) -> None:
        if self._breaker.state is State.CLOSED:
            logger.warning("Sessions are kept in this process alone while Redis does not answer: %r", exc)
        self._breaker.failed()


def _answer(readers: Readers, found: Sequence[Sequence[bytes | None]]) -> None:
    for futures, (rank, tools, at) in zip(readers.values(), found, strict=True):
        seen = None if rank is None or at is None else Seen(int(rank), tools == b"1", float(at))
        for future in futures:
            if not future.done():
                future.set_result(seen)


def _fail(readers: Readers, exc: BaseException) -> None:
    for futures in readers.values():
        for future in futures:
            if not future.done():
                future.set_exception(exc)
