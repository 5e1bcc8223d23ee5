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
from routing.capabilities.findings import Findings
from routing.capabilities.loading import Loader
from routing.capabilities.probing import Alone, Prober, Shared
from routing.capabilities.server import LocalServer, unreachable
from routing.engine.types import LADDER, LocalModel, SessionState, Surroundings, Tier
from routing.providers.base import Provider, ProviderError
from routing.slots import LocalSlots

log = logging.getLogger(__name__)
LOOK_SECONDS = 2.0
NOT_LISTED = "{}: the local server does not list {!r} just now. While it does not, another one serves in its place."
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
        self._testing: asyncio.Task[None] | None = None
        self.prober = Prober(local.provider, local.scout, local_slots, _shared) if local else None
        self.loader = Loader(local.provider) if local else None

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
        why: BaseException | None = None
        try:
            async with asyncio.timeout(LOOK_SECONDS):
                server = await self.local.scout.look(wanted)
                name = server.serving(wanted)
                model = await self.local.scout.describe(name, server) if name in server.models else None
        except (ProviderError, TimeoutError) as exc:
            server, model, why = unreachable(exc), None, exc.__cause__
        self._tell(server, why)
        self.server, self.local_model = server, model
        judge = server.find(classifier) or (model.name if model else "")
        self.has_classifier = model is not None and not model.is_demo and judge in server.loaded
        if model is not None and not model.is_demo:
            self._see_to(model.name, server.models)
            if self.loader is not None:
                self.loader.see_to(judge, is_loaded=judge in server.loaded)

    def _tell(self, server: LocalServer, why: BaseException | None) -> None:
        """News only: an outage is said once, however often it is looked at, and its end once."""
        is_still_away = bool(self.server.notes) and not (self.server.is_reachable or server.is_reachable)
        if server.notes != self.server.notes and not is_still_away:
            log.warning("local model: %s%s", "; ".join(server.notes) or "ready", f" ({why!r})" if why else "")

    async def _look_at_claude(self) -> None:
        if self.anthropic is not None:
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self.anthropic.scout.look()

    def _see_to(self, name: str, names: frozenset[str]) -> None:
        """In the background: a test may have to load the model first."""
        if self.prober is not None and (self._testing is None or self._testing.done()):
            self._testing = asyncio.create_task(self.prober.see_to(name, names))

    async def aclose(self) -> None:
        for task in (self._testing, self.loader.loading if self.loader else None):
            if task is not None:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
        for client in (self.local, self.anthropic):
            if client is not None:
                await client.provider.aclose()


local_slots = LocalSlots(math.ceil(settings.LOCAL_MAX_INFLIGHT / settings.WEB_CONCURRENCY))
_open: Connections | None = None
_shared: Shared = Alone()
_tests: set[asyncio.Task[Findings | None]] = set()  # asked for by operators, and still at work


def current() -> Connections:
    """Opened on first use; opening does no I/O."""
    global _open
    if _open is None:
        _open = Connections(clients.open_local(), clients.open_anthropic())
    return _open


def share(found: Shared) -> None:
    """From the next opening on, what local models can is known to all processes."""
    global _shared
    _shared = found


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


def miss_classifier() -> None:
    """A request would have been judged, had the classifier been loaded: the next look sees to that."""
    if (loader := current().loader) is not None:
        loader.is_missed = True


def served_local_model(name: str) -> str:
    """What really serves where the policy names a local model: that, or the largest one installed."""
    return current().server.serving(name)


def missing_locally(models: Mapping[str, str]) -> list[str]:
    """Of a policy's local models, those that the server did not list when it last answered, in words."""
    server = current().server
    named = [(slot, models[slot]) for slot in ("local", "classifier") if slot in models]
    return [NOT_LISTED.format(slot, name) for slot, name in named if server.is_reachable and not server.find(name)]


def local_notes() -> list[str]:
    """What is wrong with the local model, each with its remedy; empty when all is well."""
    return list(current().server.notes)


async def test_local_model(name: str, *, patience_seconds: float) -> Findings | None:
    """The findings, or None: while it is still at work, or tested by another process, or without a free slot."""
    prober = current().prober
    if prober is None:
        return Findings(error="no local model server is configured: set LOCAL_LLM_BASE_URL")
    testing = asyncio.create_task(prober.test_now(name))
    _tests.add(testing)
    testing.add_done_callback(_tests.discard)
    done, _ = await asyncio.wait({testing}, timeout=patience_seconds)
    return testing.result() if done else None
