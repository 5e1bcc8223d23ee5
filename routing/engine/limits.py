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

LOCAL, SONNET, _ = LADDER  # an enum looks its members up each time


def held_by_session(features: Features, policy: Policy, surroundings: Surroundings) -> Tier | None:
    """The tier that a conversation with Claude keeps until it is idle; a client's housekeeping is not part of it."""
    session = surroundings.session
    if session is None or session.tier is LOCAL:
        return None
    if session.idle_seconds >= policy.thresholds["session_idle_seconds"]:
        return None
    if features.is_housekeeping and not features.tools_declared and not features.tool_loop:
        return None
    return session.tier if policy.switches["allow_auto_opus"] else SONNET


def has_choice(features: Features, surroundings: Surroundings) -> bool:
    """Whether more than one tier may serve, so that it matters which is chosen."""
    possible = surroundings.allowed_tiers & surroundings.configured
    return not features.local_only and sum(tier in possible for tier in LADDER[features.min_tier :]) > 1


def within_limits(tier: Tier, features: Features, surroundings: Surroundings) -> tuple[Tier, tuple[Reason, ...]]:
    """The tier nearest to the chosen one that the limits allow, and a reason for each step."""
    least = LADDER[features.min_tier]
    if features.local_only:
        if least is not LOCAL:
            raise LocalOnlyError(f"The least tier asked for is {least}, but this request must stay local")
        return _step("local_only", tier, LOCAL)
    raised, reasons = _step("min_tier", tier, tier if LADDER.index(tier) >= features.min_tier else least)
    allowed, more = _step("allowed_tiers", raised, _nearest_allowed(raised, least, surroundings))
    served, last = _step("demo_model", allowed, _beside_the_demo(allowed, surroundings))
    return served, (*reasons, *more, *last)


def _step(rule: str, wanted: Tier, given: Tier) -> tuple[Tier, tuple[Reason, ...]]:
    return given, () if wanted is given else (Reason(rule, str(wanted), str(given), 0.0),)


def _beside_the_demo(tier: Tier, surroundings: Surroundings) -> Tier:
    """The demo model is to show that the gateway works: beside another tier that the key may use, that one serves."""
    if tier is not LOCAL or surroundings.local is None or not surroundings.local.is_demo:
        return tier
    others = (surroundings.configured & surroundings.allowed_tiers) - {LOCAL}
    return min(others, key=LADDER.index, default=tier)


def _nearest_allowed(tier: Tier, least: Tier, surroundings: Surroundings) -> Tier:
    if tier in surroundings.allowed_tiers:
        return tier
    possible = [rung for rung in LADDER[LADDER.index(least) :] if rung in surroundings.allowed_tiers]
    if not possible:
        raise TierNotAllowedError(f"This key may use no tier of at least {least}")
    below = [rung for rung in possible if LADDER.index(rung) <= LADDER.index(tier)]
    return below[-1] if below else possible[0]
