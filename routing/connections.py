"""Open providers, one client per provider and process, and what is known of them by now.

`surroundings` reads memory only; `refresh`, called every few seconds in the background, does the looking.
"""

import asyncio
import logging
import math
from collections.abc import Mapping
from contextlib import suppress

from django.conf import settings

from routing import clients
from routing.breakers import breaker
from routing.capabilities.server import LocalServer, unreachable
from routing.engine.types import LADDER, LocalModel, SessionState, Surroundings, Tier
from routing.providers.base import Provider, ProviderError
from routing.slots import LocalSlots

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
ALL_TIERS = frozenset(LADDER)
LOCAL = frozenset({Tier.LOCAL})
CLAUDE = ALL_TIERS - LOCAL
NO_TIERS: frozenset[Tier] = frozenset()


class Connections:
    """What one process holds open."""

    def __init__(self, local: clients.Local | None, anthropic: clients.Claude | None) -> None:
        self.local = local
        self.anthropic = anthropic
        self.configured = (LOCAL if local else NO_TIERS) | (CLAUDE if anthropic else NO_TIERS)
        self.server = LocalServer()
        self.local_model: LocalModel | None = None
        self.has_classifier = False
        self._probe: asyncio.Task[None] | None = None

    def provider(self, name: str) -> Provider | None:
        client = self.local if name == "local" else self.anthropic if name == "anthropic" else None
        return client.provider if client else None

    def surroundings(self, session: SessionState | None, allowed_tiers: frozenset[Tier]) -> Surroundings:
        has_local = self.local_model is not None and breaker("local").is_willing()
        has_claude = self.anthropic is not None and breaker("anthropic").is_willing()
        return Surroundings(
            configured=self.configured,
            available=(LOCAL if has_local else NO_TIERS) | (CLAUDE if has_claude else NO_TIERS),
            local=self.local_model,
            local_models=self.server.models,
            anthropic_models=self.anthropic.scout.models if self.anthropic else frozenset(),
            allowed_tiers=allowed_tiers,
            classifier_ready=self.has_classifier and has_local and local_slots.has_free,
            session=session,
        )

    async def refresh(self, local: str, classifier: str) -> None:
        """Look at both sides, each for a bounded time; trouble is remembered as a note, never raised."""
        await asyncio.gather(self._look_at_local(local, classifier), self._look_at_claude())

    async def _look_at_local(self, wanted: str, classifier: str) -> None:
        if self.local is None:
            return
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                server = await self.local.scout.look(wanted)
                name = server.serving(wanted)
                model = await self.local.scout.describe(name, server) if name in server.models else None
        except (ProviderError, TimeoutError) as exc:
            server, model = unreachable(exc), None
        if server.notes != self.server.notes:
            log.warning("local model: %s", "; ".join(server.notes) or "ready")
        self.server, self.local_model = server, model
        judge = server.find(classifier) or (model.name if model else "")
        self.has_classifier = model is not None and not model.is_demo and judge in server.loaded
        if model is not None:
            self._probe_once(model.name)

    async def _look_at_claude(self) -> None:
        if self.anthropic is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.anthropic.scout.look()

    def _probe_once(self, name: str) -> None:
        """In the background: a probe may have to load the model first."""
        if self.local is not None and (self._probe is None or self._probe.done()):
            self._probe = asyncio.create_task(self._try_probe(self.local, name))

    async def _try_probe(self, local: clients.Local, name: str) -> None:
        if not await local_slots.acquire(0):
            return
        try:
            await local.scout.probe(local.provider, name)
        except ProviderError as exc:
            log.warning("the tool-call probe of %s failed: %s", name, exc.message)
        finally:
            local_slots.release()

    async def aclose(self) -> None:
        if self._probe is not None:
            self._probe.cancel()
            await asyncio.gather(self._probe, return_exceptions=True)
        for client in (self.local, self.anthropic):
            if client is not None:
                await client.provider.aclose()


local_slots = LocalSlots(math.ceil(settings.LOCAL_MAX_INFLIGHT / settings.WEB_CONCURRENCY))
_open: Connections | None = None


def current() -> Connections:
    """Opened on first use; opening does no I/O."""
    global _open
    if _open is None:
        _open = Connections(clients.open_local(), clients.open_anthropic())
    return _open


async def start() -> None:
    current()
    await refresh()


async def refresh(models: Mapping[str, str] | None = None) -> None:
    """`models` are the published policy's; without them the settings' are looked for."""
    wanted = {"local": settings.LOCAL_LLM_DEFAULT_MODEL, "classifier": settings.ROUTING_CLASSIFIER_MODEL}
    wanted |= models or {}
    await current().refresh(wanted["local"], wanted["classifier"])


async def aclose() -> None:
    global _open
    closing, _open = _open, None
    if closing is not None:
        await closing.aclose()


def provider(name: str) -> Provider | None:
    return current().provider(name)


def surroundings(*, session: SessionState | None = None, allowed_tiers: frozenset[Tier] = ALL_TIERS) -> Surroundings:
    return current().surroundings(session, allowed_tiers)


def served_local_model(name: str) -> str:
    """What really serves where the policy names a local model: that, or the largest one installed."""
    return current().server.serving(name)


def local_notes() -> list[str]:
    """What is wrong with the local model, each with its remedy; empty when all is well."""
    return list(current().server.notes)
