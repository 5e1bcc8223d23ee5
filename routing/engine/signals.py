"""Phase 1: the rules' findings weighed to a band."""

from collections.abc import Collection, Iterable

from routing.engine import rules
from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.types import Band, Policy, Reason, RoutingSignals, Surroundings, Tier

CANNOT_BE_LOCAL = frozenset(rule.__name__ for rule in rules.CANNOT_BE_LOCAL)
OUTWEIGHING = frozenset(rule.__name__ for rule in rules.OUTWEIGHING)
OUTWEIGHED = frozenset(rule.__name__ for rule in rules.OUTWEIGHED)
LOCAL, CLAUDE, AMBIGUOUS = Band.LOCAL, Band.CLAUDE, Band.AMBIGUOUS  # an enum looks its members up each time


def compute_routing_signals(features: Features, policy: Policy, surroundings: Surroundings) -> RoutingSignals:
    """What cannot be local is CLAUDE; then leanings are weighed; without evidence, or with both, AMBIGUOUS."""
    case = Case(features, policy, surroundings)
    is_near_wide = policy.thresholds["near_margin"] >= -rules.QUIET_MARGIN
    findings = rules.apply(case) if is_near_wide else rules.apply_where_needed(case)
    fired = tuple([reason for reason in findings if reason.fired])
    near = nearest(findings, policy)
    band = band_of(fired)
    return RoutingSignals(band, confidence_in(band, fired), fired + near, _fallback_tier(band, fired, case, policy))


def nearest(findings: Iterable[Reason], policy: Policy) -> tuple[Reason, ...]:
    """What did not fire, though it was not far from it."""
    furthest = -policy.thresholds["near_margin"]
    return tuple([reason for reason in findings if reason.margin >= furthest and not reason.fired])


def band_of(fired: Collection[Reason]) -> Band:
    if not fired:
        return AMBIGUOUS
    local: set[str] = set()
    claude: set[str] = set()
    for reason in fired:
        (local if reason.points_to is LOCAL else claude).add(reason.rule)
    if claude & CANNOT_BE_LOCAL:
        return CLAUDE
    if local & OUTWEIGHING:
        claude -= OUTWEIGHED
    if bool(local) == bool(claude):
        return AMBIGUOUS
    return LOCAL if local else CLAUDE


def confidence_in(band: Band, fired: Collection[Reason]) -> float:
    """A rank, not a probability: what is certain by rule, then clear margins and agreeing rules."""
    agreeing = [reason for reason in fired if reason.points_to is band]
    if not agreeing:
        return 0.0
    margin = min(1.0, max([reason.margin for reason in agreeing]))
    if not CANNOT_BE_LOCAL.isdisjoint([reason.rule for reason in agreeing]):
        return round(0.9 + 0.1 * margin, 3)
    return round(min(0.9, 0.5 + 0.25 * margin + 0.05 * len(agreeing)), 3)


def _fallback_tier(band: Band, fired: Collection[Reason], case: Case, policy: Policy) -> Tier:
    """The best guess without Phase 2: local only where nothing speaks against it."""
    if band is not AMBIGUOUS:
        return Tier.LOCAL if band is LOCAL else Tier.SONNET
    if fired:
        return policy.ambiguous_fallback_tier
    if policy.switches["fallback_local_if_unopposed"]:
        return Tier.LOCAL
    is_local = policy.switches["fallback_local_if_simple"] and _looks_simple(case)
    return Tier.LOCAL if is_local else policy.ambiguous_fallback_tier


def _looks_simple(case: Case) -> bool:
    is_simple = case.counts["simple_task"] + case.counts["self_contained"] > case.counts["investigation"]
    is_short = case.features.ask_chars < case.limits["simple_task_chars"] and not case.features.has_trace
    return is_simple and is_short and not case.heavy_phrases
