"""What holds a decision, whatever the ask: the conversation's tier, `local_only`, the least tier, the key's tiers."""

from routing.engine.features import Features
from routing.engine.types import (
    LADDER,
    LocalOnlyError,
    Policy,
    Reason,
    Surroundings,
    Tier,
    TierNotAllowedError,
)


def held_by_session(features: Features, policy: Policy, surroundings: Surroundings) -> Tier | None:
    """The tier that a conversation with Claude keeps until it is idle; a client's housekeeping is not part of it."""
    session = surroundings.session
    if session is None or session.tier is Tier.LOCAL:
        return None
    if session.idle_seconds >= policy.thresholds["session_idle_seconds"]:
        return None
    if features.is_housekeeping and not features.tools_declared and not features.tool_loop:
        return None
    return session.tier if policy.switches["allow_auto_opus"] else Tier.SONNET


def automatic_tiers(surroundings: Surroundings) -> frozenset[Tier]:
    """The configured tiers that may serve automatic requests: the demo model only where nothing else is."""
    others = surroundings.configured - {Tier.LOCAL}
    is_demo = surroundings.local is not None and surroundings.local.is_demo
    return others if is_demo and others else surroundings.configured


def only_tier(features: Features, surroundings: Surroundings) -> Tier | None:
    """The one tier that is possible, when limits leave no choice."""
    if features.local_only or is_demo_alone(surroundings):
        return Tier.LOCAL
    possible = [tier for tier in LADDER[features.min_tier :] if tier in surroundings.allowed_tiers]
    return possible[0] if len(possible) == 1 else None


def is_demo_alone(surroundings: Surroundings) -> bool:
    local = surroundings.local
    return local is not None and local.is_demo and surroundings.configured == {Tier.LOCAL}


def within_limits(tier: Tier, features: Features, surroundings: Surroundings) -> tuple[Tier, tuple[Reason, ...]]:
    """The tier nearest to the chosen one that the limits allow, and a reason for each step."""
    least = LADDER[features.min_tier]
    if features.local_only:
        if least is not Tier.LOCAL:
            raise LocalOnlyError(f"The least tier asked for is {least}, but this request must stay local")
        return _step("local_only", tier, Tier.LOCAL)
    if is_demo_alone(surroundings):
        return _step("only_configured", tier, Tier.LOCAL)
    raised, reasons = _step("min_tier", tier, tier if LADDER.index(tier) >= features.min_tier else least)
    allowed, more = _step("allowed_tiers", raised, _nearest_allowed(raised, least, surroundings))
    served, last = _step("demo_model", allowed, _beside_the_demo(allowed, surroundings))
    return served, (*reasons, *more, *last)


def _step(rule: str, wanted: Tier, given: Tier) -> tuple[Tier, tuple[Reason, ...]]:
    return given, () if wanted is given else (Reason(rule, str(wanted), str(given), 0.0),)


def _beside_the_demo(tier: Tier, surroundings: Surroundings) -> Tier:
    """The demo model is to show that the gateway works: beside another tier that the key may use, that one serves."""
    if tier is not Tier.LOCAL:
        return tier
    serving = automatic_tiers(surroundings) & surroundings.allowed_tiers
    return tier if tier in serving or not serving else min(serving, key=LADDER.index)


def _nearest_allowed(tier: Tier, least: Tier, surroundings: Surroundings) -> Tier:
    if tier in surroundings.allowed_tiers:
        return tier
    possible = [rung for rung in LADDER[LADDER.index(least) :] if rung in surroundings.allowed_tiers]
    if not possible:
        raise TierNotAllowedError(f"This key may use no tier of at least {least}")
    below = [rung for rung in possible if LADDER.index(rung) <= LADDER.index(tier)]
    return below[-1] if below else possible[0]
