"""The decision: an explicit choice, or else the policy's."""

from routing.engine.automatic import NeedsVerdict, claude_tier, decide_automatically, should_use_opus
from routing.engine.explicit import RULES, Choice, asked_for, choose
from routing.engine.features import Features, measure
from routing.engine.score import score_of
from routing.engine.signals import OUTWEIGHING, compute_routing_signals
from routing.engine.types import (
    Phase,
    Policy,
    Reason,
    RoutingDecision,
    RoutingRefusedError,
    RoutingRequest,
    RoutingSignals,
    Surroundings,
    Tier,
    Verdict,
)

__all__ = [
    "NeedsVerdict",
    "compute_routing_signals",
    "decide",
    "decide_automatically",
    "refused",
    "should_use_opus",
    "tools_to_remove",
]


def decide(
    request: RoutingRequest,
    policy: Policy,
    surroundings: Surroundings,
    verdict: Verdict | None = None,
    features: Features | None = None,
    signals: RoutingSignals | None = None,
) -> RoutingDecision | NeedsVerdict:
    """Raises a `RoutingRefusedError` when what was asked for by name cannot be had.

    `features` and `signals` are made from the rest where the caller has not made them already.
    """
    features = features or measure(request, policy)
    choice = choose(request, features, policy, surroundings)
    if choice is None:
        return decide_automatically(features, policy, surroundings, verdict, signals)
    return _explicit(choice, features, policy, surroundings)


def refused(
    request: RoutingRequest, code: str, policy: Policy, surroundings: Surroundings, features: Features
) -> RoutingDecision:
    """What is recorded of a request that cannot be routed as asked: its wish, as far as it is known, and why not."""
    try:
        choice = asked_for(request, features, policy, surroundings)
    except RoutingRefusedError:
        choice = None
    provider, model, tier = (choice.provider, choice.model, choice.tier) if choice else ("", "", None)
    reason = Reason(code, choice.said if choice else "", "", 0.0)
    return RoutingDecision(provider, model, tier, score_of(features, policy), (reason,), Phase.EXPLICIT)


def _explicit(choice: Choice, features: Features, policy: Policy, surroundings: Surroundings) -> RoutingDecision:
    tier, model = choice.tier, choice.model
    reasons = [Reason(RULES[choice.source], choice.said, "", 0.0)]
    if choice.is_open:
        tier, reason = _open_tier(features, policy, surroundings)
        model = policy.models[tier]
        reasons.append(reason)
    return RoutingDecision(choice.provider, model, tier, score_of(features, policy), tuple(reasons), Phase.EXPLICIT)


def _open_tier(features: Features, policy: Policy, surroundings: Surroundings) -> tuple[Tier, Reason]:
    """Claude was asked for without a tier: the score chooses among those that the key may use."""
    tier, reason = claude_tier(features, policy)
    possible = [rung for rung in (Tier.SONNET, Tier.OPUS) if rung in surroundings.allowed_tiers]
    raised = Tier.OPUS if features.min_tier > 1 else tier
    return (raised if raised in possible else possible[0]), reason


def tools_to_remove(decision: RoutingDecision, features: Features) -> bool:
    """Whether the declared tools are left out: the ask is served locally and was found to need none."""
    is_free = any(reason.fired and reason.rule in OUTWEIGHING for reason in decision.reasons)
    return features.tools_declared > 0 and decision.tier is Tier.LOCAL and is_free
