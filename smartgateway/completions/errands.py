"""What the local server alone does beside chat: autocompletion and embeddings. Nothing else serves these, ever."""

from dataclasses import dataclass
from typing import NoReturn

from django.conf import settings

from routing import connections, policies
from routing.engine.explicit import refuse_unconfigured
from routing.engine.features import Features
from routing.engine.names import LOCAL, wish_of_model
from routing.engine.survey import utf8_bytes
from routing.engine.types import (
    Band,
    ContradictionError,
    Phase,
    Policy,
    Reason,
    RoutingDecision,
    RoutingRefusedError,
    RoutingRequest,
    RoutingSignals,
    Surroundings,
    Tier,
    TierNotAllowedError,
    TierNotConfiguredError,
)
from routing.providers.base import Answer, Call, ErrandProvider, Provider, ProviderRejectedError
from routing.providers.chunks import collected
from routing.route import Routed
from routing.slots import LocalSlots
from smartgateway.completions import path
from smartgateway.completions.errors import from_refusal
from smartgateway.completions.exchange import Ask, Exchange, Lane
from smartgateway.completions.path import Answered, Streaming
from smartgateway.completions.relay import Opened, Renderer, begun


@dataclass(frozen=True, slots=True)
class Errand:
    """`rule` stands in the record as the reason; `model` serves where the request names none."""

    rule: str
    variable: str
    model: str
    lane: Lane


def lane(wait_seconds: float) -> Lane:
    return Lane(LocalSlots(connections.local_slots.limit), wait_seconds)


FILL = Errand("autocomplete", "LOCAL_FIM_MODEL", settings.LOCAL_FIM_MODEL, lane(wait_seconds=1.0))
EMBED = Errand("embeddings", "LOCAL_EMBEDDING_MODEL", settings.LOCAL_EMBEDDING_MODEL, lane(wait_seconds=30.0))


async def fill(ask: Ask, text: str) -> Answered:
    return await path.completed(decided(ask, FILL, text), filled)


async def fill_streamed(ask: Ask, text: str, render: Renderer) -> Streaming:
    return await path.streamed(decided(ask, FILL, text), render, filling)


async def embed(ask: Ask, text: str) -> Answered:
    return await path.completed(decided(ask, EMBED, text), embedded)


async def filled(provider: Provider, call: Call) -> Answer:
    return await collected(await able(provider).fill(call))


async def filling(provider: Provider, call: Call) -> Opened:
    return await begun(await able(provider).fill(call))


async def embedded(provider: Provider, call: Call) -> Answer:
    return await able(provider).embed(call)


def able(provider: Provider) -> ErrandProvider:
    if not isinstance(provider, ErrandProvider):
        raise ProviderRejectedError("This provider only chats", kind="not_supported", was_sent=False)
    return provider


def decided(ask: Ask, errand: Errand, text: str) -> Exchange:
    """`text` is all that is sent, for its measures. Raises `GatewayError`."""
    policy, seen = policies.current(), connections.surroundings(allowed_tiers=ask.key.allowed_tiers)
    try:
        model, phase = chosen(ask, errand, policy, seen)
    except RoutingRefusedError as exc:
        raise from_refusal(exc) from exc
    reason = Reason(errand.rule, model, errand.variable, 1.0, Band.LOCAL)
    signals = RoutingSignals(Band.LOCAL, 1.0, (reason,), Tier.LOCAL)
    routed = Routed(
        decision=RoutingDecision(LOCAL, model, Tier.LOCAL, 0.0, (reason,), phase),
        signals=signals,
        features=features_of(ask, policy, text),
        surroundings=seen,
        verdict=None,
        auto=None,
        remove_tools=False,
        request=request_of(ask),
        policy=policy,
    )
    return Exchange(ask, routed, session_key="", lane=errand.lane)


def chosen(ask: Ask, errand: Errand, policy: Policy, seen: Surroundings) -> tuple[str, Phase]:
    """The local model that was named, or the errand's own; Claude is refused by name."""
    options, named = ask.options, ask.body.get("model") or ""
    for said in (options.provider, options.tier, options.min_tier or ""):
        if said not in ("", "auto", "local"):
            refuse_claude(errand, said)
    refuse_unconfigured(LOCAL, seen)
    if Tier.LOCAL not in seen.allowed_tiers:
        raise TierNotAllowedError("This key may not use the local model, and nothing else serves this")
    if named and named == errand.model:
        return named, Phase.EXPLICIT
    wish = wish_of_model(named, LOCAL, policy, seen)
    if wish is not None and wish.provider != LOCAL:
        refuse_claude(errand, wish.said)
    if wish is not None and wish.model:
        return wish.model, Phase.EXPLICIT
    if not errand.model:
        raise TierNotConfiguredError(f"No local model is set for {errand.rule}: set {errand.variable}")
    return errand.model, Phase.HEURISTIC if wish is None else Phase.EXPLICIT


def refuse_claude(errand: Errand, said: str) -> NoReturn:
    raise ContradictionError(f"{said!r} asks for Claude, but only a local model serves {errand.rule}")


def features_of(ask: Ask, policy: Policy, text: str) -> Features:
    """As housekeeping is: no human's ask, and its saving is never more than haiku's price."""
    return Features(
        total_chars=len(text),
        estimated_tokens=round(utf8_bytes(text) / policy.thresholds["chars_per_token"]),
        is_housekeeping=True,
        local_only=ask.options.local_only or ask.key.local_only,
    )


def request_of(ask: Ask) -> RoutingRequest:
    """Local only, so that no fallback leads anywhere else."""
    return RoutingRequest(
        messages=ask.body["messages"],
        requested_model=ask.body.get("model") or "",
        requested_provider=ask.options.provider,
        requested_tier=ask.options.tier,
        local_only=True,
    )
