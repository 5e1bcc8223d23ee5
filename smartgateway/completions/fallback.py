"""Who may serve a decision, in order. An explicit choice has one candidate; an automatic one its chain."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from routing.engine.explicit import model_of
from routing.engine.features import Features
from routing.engine.names import HAIKU, tier_name
from routing.engine.signals import CANNOT_BE_LOCAL, compute_routing_signals
from routing.engine.types import PROVIDER_OF, Phase, Policy, RoutingDecision, Surroundings, Tier

ONLY_LOCAL = frozenset({Tier.LOCAL})


class Candidate(NamedTuple):
    """`name` is a tier, `haiku`, or "" for a concrete model outside the ladder."""

    name: str
    provider_name: str
    model: str


def candidates(
    decision: RoutingDecision,
    *,
    policy: Policy,
    surroundings: Surroundings,
    features: Features,
    local_only: bool,
    served_local_model: Callable[[str], str],
) -> Iterator[Candidate]:
    """The chosen model first, then what the policy's chain allows here. Never empty, never Claude if local_only."""
    yield serving(Candidate(tier_name(decision, policy), decision.provider, decision.model), policy, served_local_model)
    if decision.phase is not Phase.EXPLICIT and not local_only and decision.tier is not None:
        for candidate in chain(decision.tier, policy, surroundings, features):
            yield serving(candidate, policy, served_local_model)


def serving(candidate: Candidate, policy: Policy, served_local_model: Callable[[str], str]) -> Candidate:
    """Where the policy's own local model is not installed, the one that stands in for it."""
    if candidate.provider_name != "local" or candidate.model != policy.models[Tier.LOCAL]:
        return candidate
    served = served_local_model(candidate.model)
    return candidate if served == candidate.model else candidate._replace(model=served)


def chain(tier: Tier, policy: Policy, surroundings: Surroundings, features: Features) -> Iterator[Candidate]:
    if surroundings.configured == ONLY_LOCAL:
        if (
            tier is not Tier.LOCAL
            and Tier.LOCAL in surroundings.allowed_tiers
            and can_serve_alone(features, surroundings)
        ):
            yield Candidate(Tier.LOCAL, PROVIDER_OF[Tier.LOCAL], model_of(Tier.LOCAL, policy, surroundings))
        return
    for name in policy.fallbacks.get(tier, ()):
        if name == Tier.OPUS and not policy.switches.get("allow_auto_opus", True):
            continue
        if name == Tier.LOCAL and not fits_local(features, policy, surroundings):
            continue
        if name != HAIKU and Tier(name) not in surroundings.allowed_tiers:
            continue
        if name == HAIKU and Tier.SONNET not in surroundings.allowed_tiers:
            continue
        provider = "anthropic" if name == HAIKU else PROVIDER_OF[Tier(name)]
        yield Candidate(name, provider, policy.models[name])


def can_serve_alone(features: Features, surroundings: Surroundings) -> bool:
    """Where Claude is not configured, local serves all that it is able to; the demo model whatever there is."""
    local = surroundings.local
    if local is None or local.is_demo:
        return local is not None
    if (features.has_image and not local.vision) or (
        (features.tools_declared or features.tool_loop) and local.tools is False
    ):
        return False
    return local.context_tokens is None or features.estimated_tokens + features.tool_tokens <= local.context_tokens


def fits_local(features: Features, policy: Policy, surroundings: Surroundings) -> bool:
    """Claude falls to local only for a request without tools that may be local, in a session never above LOCAL."""
    local, session = surroundings.local, surroundings.session
    if local is None or local.is_demo or features.tools_declared or features.has_image:
        return False
    if session is not None and (session.tier is not Tier.LOCAL or session.used_tools):
        return False
    reasons = compute_routing_signals(features, policy, surroundings).reasons
    return not any(reason.fired and reason.rule in CANNOT_BE_LOCAL for reason in reasons)
