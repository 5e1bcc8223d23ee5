"""The keys in memory: authentication costs a hash and a look into a dict.

`refresh()` is to be called once a second from a thread; a change is seen by its one small query. A key that is not
in memory is looked up once, in a thread, a bounded number of times a second. While the database is away, the keys
in memory go on working and unknown ones are `KeysUnavailableError`.
"""

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from django.db import Error, connection

from routing.engine.types import LADDER, Tier
from smartgateway.keys.errors import KeyRefusedError, KeysUnavailableError
from smartgateway.keys.issuing import digest_of
from smartgateway.keys.models import ApiKey

MOST_KEYS = 10_000
MOST_STRANGERS = 1_000
STRANGER_SECONDS = 5.0
LOOKUPS_PER_SECOND = 20
LOOKUP_SECONDS = 3.0  # a database may hang as well as be away
RELOAD_SECONDS = 60.0  # whole, although nothing seems changed: bounds what the fingerprint might miss

logger = logging.getLogger(__name__)
Value = TypeVar("Value")
_lookups = ThreadPoolExecutor(max_workers=1, thread_name_prefix="key-lookup")


@dataclass(frozen=True, slots=True)
class KeySnapshot:
    """A key with its team's limits already applied. `expires_at` is in Unix seconds."""

    id: int
    name: str
    prefix: str
    team_id: int
    team_name: str
    local_only: bool = False
    requests_per_minute: int = 600
    allowed_tiers: frozenset[Tier] = frozenset(LADDER)
    is_record_text_on: bool = False
    expires_at: float | None = None


def snapshot_of(key: ApiKey) -> KeySnapshot:
    team = key.team
    limits = (key.requests_per_minute, team.requests_per_minute)
    return KeySnapshot(
        id=key.pk,
        name=key.name,
        prefix=key.prefix,
        team_id=team.pk,
        team_name=team.name,
        local_only=key.is_local_only or team.is_local_only,
        requests_per_minute=min(limit for limit in limits if limit is not None),
        allowed_tiers=key.allowed_tiers & team.allowed_tiers,
        is_record_text_on=team.is_text_recorded,
        expires_at=None if key.expires_at is None else key.expires_at.timestamp(),
    )


class KeyRing:
    """What one process knows of keys: at most a second old, or as old as the database is away."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._known: dict[bytes, KeySnapshot] = {}
        self._strangers: dict[bytes, float] = {}  # digest -> until when it is refused unasked
        self._asked: dict[bytes, asyncio.Task[KeySnapshot | None]] = {}
        self._fingerprint: tuple[int | None, ...] = ()
        self._reload_at = 0.0
        self._lookup_second = 0
        self._lookups_left = LOOKUPS_PER_SECOND
        self._is_database_away = False

    async def authenticate(self, secret: str) -> KeySnapshot:
        digest = digest_of(secret)
        key = self._known.get(digest) or await self._find_once(digest)
        if key is None:
            raise KeyRefusedError("This API key is unknown or was revoked.")
        if key.expires_at is not None and key.expires_at <= self._clock():
            raise KeyRefusedError("This API key has expired.")
        return key

    def refresh(self) -> bool:
        """True when keys were loaded again. The last good ones stay while the database is away."""
        try:
            is_reloaded = self._reload_if_changed()
        except Error as exc:
            self._note_outage(exc)
            return False
        self._is_database_away = False
        return is_reloaded

    def _reload_if_changed(self) -> bool:
        fingerprint = ApiKey.objects.fingerprint()
        if fingerprint == self._fingerprint and self._clock() < self._reload_at:
            return False
        newest = list(ApiKey.objects.usable().select_related("team")[:MOST_KEYS])
        self._known = {bytes(key.digest): snapshot_of(key) for key in reversed(newest)}
        self._fingerprint, self._reload_at = fingerprint, self._clock() + RELOAD_SECONDS
        return True

    def _note_outage(self, exc: Error) -> None:
        connection.close()
        if not self._is_database_away:
            logger.warning("API keys cannot be read, %d known ones go on: %s", len(self._known), exc)
        self._is_database_away = True

    async def _find_once(self, digest: bytes) -> KeySnapshot | None:
        """Looks an unknown key up; requests that arrive meanwhile with the same key wait for the same answer."""
        if self._clock() < self._strangers.get(digest, 0.0):
            return None
        task = self._asked.get(digest)
        if task is None:
            self._spend_lookup()
            task = self._asked[digest] = asyncio.create_task(self._find(digest))
            task.add_done_callback(lambda done: self._answered(digest, done))
        return await asyncio.shield(task)

    def _answered(self, digest: bytes, task: "asyncio.Task[KeySnapshot | None]") -> None:
        del self._asked[digest]
        if not task.cancelled():
            task.exception()  # seen here too, should every client that waited be gone

    def _spend_lookup(self) -> None:
        second = int(self._clock())
        if second != self._lookup_second:
            self._lookup_second, self._lookups_left = second, LOOKUPS_PER_SECOND
        if not self._lookups_left:
            raise KeysUnavailableError("Too many unknown API keys are being looked up; try again in a second.")
        self._lookups_left -= 1

    async def _find(self, digest: bytes) -> KeySnapshot | None:
        known = self._known
        try:
            async with asyncio.timeout(LOOKUP_SECONDS):
                key = await asyncio.get_running_loop().run_in_executor(_lookups, _read, digest)
        except (Error, TimeoutError) as exc:
            raise KeysUnavailableError("API keys cannot be read now; try again soon.") from exc
        if key is None:
            _put(self._strangers, digest, self._clock() + STRANGER_SECONDS, MOST_STRANGERS)
        elif known is self._known:  # a reload meanwhile knows better: the key may have been revoked since it was read
            _put(known, digest, key, MOST_KEYS)
        return key


def _read(digest: bytes) -> KeySnapshot | None:
    try:
        key = ApiKey.objects.usable().select_related("team").filter(digest=digest).first()
        return snapshot_of(key) if key else None
    finally:
        connection.close()  # lookups are rare: better none open than one idle per process


def _put(kept: dict[bytes, Value], digest: bytes, value: Value, most: int) -> None:
    if len(kept) >= most:
        kept.pop(next(iter(kept)), None)
    kept[digest] = value


ring = KeyRing()


authenticate = ring.authenticate
refresh = ring.refresh
