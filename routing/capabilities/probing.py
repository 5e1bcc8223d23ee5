"""Tests a local model at most once at a time, whichever processes want to know."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from routing.capabilities.findings import Findings
from routing.capabilities.server import LOOK, Scout
from routing.providers.base import Provider, ProviderError
from routing.slots import LocalSlots

log = logging.getLogger(__name__)
AGAIN_SECONDS = 60.0
SLOT_WAIT_SECONDS = 5.0
T = TypeVar("T")


class Shared(Protocol):
    """What all processes know."""

    def noticed(self, names: frozenset[str]) -> None: ...

    def known(self, name: str, digest: str) -> Findings | None: ...

    def claim(self, name: str, digest: str, *, is_asked_for: bool = False) -> bool: ...

    def keep(self, name: str, digest: str, findings: Findings) -> None: ...

    def give_back(self, name: str) -> None: ...


class Alone:
    """Of use where nothing is shared: this process knows what it found itself, and nobody else tests."""

    def noticed(self, names: frozenset[str]) -> None: ...

    def known(self, name: str, digest: str) -> Findings | None:
        return None

    def claim(self, name: str, digest: str, *, is_asked_for: bool = False) -> bool:
        return True

    def keep(self, name: str, digest: str, findings: Findings) -> None: ...

    def give_back(self, name: str) -> None: ...


class Prober:
    def __init__(self, provider: Provider, scout: Scout, slots: LocalSlots, shared: Shared) -> None:
        self._provider = provider
        self._scout = scout
        self._slots = slots
        self._shared = shared
        self._next_at: dict[str, float] = {}  # by digest
        self._names: frozenset[str] = frozenset()

    async def see_to(self, name: str, names: frozenset[str]) -> None:
        """Learn what others found out; test it where nobody did."""
        digest, now = self._scout.digest_of(name), time.monotonic()
        if not digest or now < self._next_at.get(digest, 0.0):
            return
        if names and names != self._names:
            await ask_database(self._shared.noticed, names)
            self._names = names
        known = await ask_database(self._shared.known, name, digest)
        if known is not None:
            self._scout.learn(name, known)
        if known is not None or self._scout.found(name) is not None or not self._scout.tests_by_itself:
            self._next_at[digest] = now + AGAIN_SECONDS
        elif await self.test(name) is not None:
            self._next_at[digest] = time.monotonic() + AGAIN_SECONDS

    async def test(self, name: str, *, is_asked_for: bool = False) -> Findings | None:
        """None when it is not our turn: another process tests it, or the model has no free slot."""
        if not await self._slots.acquire(SLOT_WAIT_SECONDS if is_asked_for else 0):
            return None
        digest = self._scout.digest_of(name)
        claim = self._shared.claim
        try:
            if not await ask_database(lambda: claim(name, digest, is_asked_for=is_asked_for)):
                return None
            findings = await self._probed(name)
            await ask_database(self._shared.keep, name, digest, findings)
            return findings
        except asyncio.CancelledError:
            await asyncio.shield(ask_database(self._shared.give_back, name))
            raise
        finally:
            self._slots.release()

    async def test_now(self, name: str) -> Findings | None:
        """As an operator asked: also where the server has not been looked at yet."""
        try:
            async with asyncio.timeout(LOOK.first_byte + LOOK.between_bytes):
                await self._scout.look(name)
        except (ProviderError, TimeoutError) as exc:
            return Findings(error=why(exc))
        return await self.test(name, is_asked_for=True)

    async def _probed(self, name: str) -> Findings:
        try:
            findings = await self._scout.probe(self._provider, name)
        except ProviderError as exc:
            log.warning("the test of %s failed: %s", name, exc.message)
            return Findings(error=why(exc))
        self._scout.learn(name, findings)
        return findings


def why(exc: ProviderError | TimeoutError) -> str:
    return exc.message if isinstance(exc, ProviderError) else "the local model server did not answer in time"


async def ask_database(step: Callable[..., T], *given: object) -> T | None:
    """In a thread. While the database is away, nothing is known and nothing is claimed."""
    return await asyncio.to_thread(asked, step, *given)


def asked(step: Callable[..., T], *given: object) -> T | None:
    close_old_connections()
    try:
        return step(*given)
    except DatabaseFailure as exc:
        log.warning("What is known of local models cannot be shared: %s", exc)
        return None
