"""Decide, ask the classifier where the rules cannot tell, and decide again."""

from dataclasses import replace
from typing import NamedTuple

from routing import classifier, connections
from routing.classifier import Judge
from routing.engine.decide import (
    NeedsVerdict,
    compute_routing_signals,
    decide,
    decide_automatically,
    refused,
    tools_to_remove,
)
from routing.engine.features import Features, measure
from routing.engine.types import (
    Band,
    Phase,
    Policy,
    RoutingDecision,
    RoutingRefusedError,
    RoutingRequest,
    RoutingSignals,
    Surroundings,
    Verdict,
)
from routing.engine.words import without_tier_words

OVERRULED = (Phase.EXPLICIT, Phase.DISABLED, Phase.KEYWORD)
LOCAL_FIRST = "local_first"
NOT_ASKED = Verdict(None, error="skipped:not_asked")


class Routed(NamedTuple):
    """A decision with all that it was made from.

    `auto` is what the rules alone would have decided without the explicit choice, the switch or the mode; `signals`
    are the rules' own in either case. `request` is what is to be sent on, without tools when `remove_tools`.
    """

    decision: RoutingDecision
    signals: RoutingSignals
    features: Features
    surroundings: Surroundings
    verdict: Verdict | None
    auto: RoutingDecision | None
    remove_tools: bool
    request: RoutingRequest
    policy: Policy


async def route_request(
    request: RoutingRequest, *, policy: Policy, surroundings: Surroundings, ask_classifier: bool = True
) -> Routed:
    """Raises a `RoutingRefusedError` when what was asked for by name cannot be had."""
    features = measure(request, policy)
    signals = compute_routing_signals(features, policy, surroundings)
    verdict = None
    step = decide(request, policy, surroundings, None, features, signals)
    while isinstance(step, NeedsVerdict):
        verdict = await _verdict(request, policy, surroundings) if ask_classifier else NOT_ASKED
        step = decide(request, policy, surroundings, verdict, features, signals)
    if verdict is None and ask_classifier and _misses_classifier(request, policy, surroundings, features, signals):
        connections.miss_classifier()
    return Routed(
        decision=step,
        signals=signals,
        features=features,
        surroundings=surroundings,
        verdict=verdict,
        auto=_automatic(features, policy, surroundings, signals) if step.phase in OVERRULED else None,
        remove_tools=tools_to_remove(step, features),
        request=without_tier_words(request, features, policy),
        policy=policy,
    )


def refused_as(exc: RoutingRefusedError, request: RoutingRequest, policy: Policy, around: Surroundings) -> Routed:
    """As `route_request`, for a request that it refused: nothing is asked and nothing will be sent on."""
    features = measure(request, policy)
    signals = compute_routing_signals(features, policy, around)
    decision = refused(request, exc.code, policy, around, features)
    auto = _automatic(features, policy, around, signals)
    return Routed(decision, signals, features, around, None, auto, False, request, policy)


async def route_model(request: RoutingRequest, *, policy: Policy, surroundings: Surroundings) -> str:
    """Only the name of the model."""
    routed = await route_request(request, policy=policy, surroundings=surroundings)
    return routed.decision.model


def _misses_classifier(
    request: RoutingRequest, policy: Policy, surroundings: Surroundings, features: Features, signals: RoutingSignals
) -> bool:
    """Whether Phase 2 would have been asked, had its model been ready."""
    if signals.band is not Band.AMBIGUOUS or surroundings.classifier_ready or surroundings.local is None:
        return False
    ready = surroundings._replace(classifier_ready=True)
    return isinstance(decide(request, policy, ready, None, features, signals), NeedsVerdict)


async def _verdict(request: RoutingRequest, policy: Policy, surroundings: Surroundings) -> Verdict:
    return await classifier.classify(
        request, policy, _judge(policy, surroundings), is_ready=surroundings.classifier_ready
    )


def _judge(policy: Policy, surroundings: Surroundings) -> Judge | None:
    """The policy's classifier where it is installed, or else the local model itself."""
    provider, local = connections.provider("local"), surroundings.local
    if provider is None or local is None:
        return None
    installed = connections.current().server.find(policy.models["classifier"])
    return Judge(provider, installed or local.name, connections.local_slots)


_weighing: tuple[Policy, Policy] | None = None


def weighing(policy: Policy) -> Policy:
    """The policy with its switch on and in the mode that weighs; made once for each."""
    global _weighing
    if policy.enabled and policy.mode == LOCAL_FIRST:
        return policy
    if _weighing is None or _weighing[0] is not policy:
        _weighing = policy, replace(policy, enabled=True, mode=LOCAL_FIRST)
    return _weighing[1]


def _automatic(
    features: Features, policy: Policy, surroundings: Surroundings, signals: RoutingSignals
) -> RoutingDecision | None:
    try:
        decision = decide_automatically(features, weighing(policy), surroundings, NOT_ASKED, signals)
    except RoutingRefusedError:
        return None
    return decision if isinstance(decision, RoutingDecision) else None
