"""Why a decision, what was near, and the least that would have made it another: found by deciding again."""

from collections import ChainMap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from routing.engine.automatic import NeedsVerdict, decide_automatically
from routing.engine.breakpoints import Bounds, Step, feature_steps, features_after, phrase_steps, threshold_steps
from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.rules import apply
from routing.engine.signals import CANNOT_BE_LOCAL, OUTWEIGHED, OUTWEIGHING, band_of, nearest
from routing.engine.types import Band, Phase, Policy, Reason, RoutingDecision, Surroundings, Tier, Verdict

UNASKED = Verdict(None, error="skipped:not_asked")
LAST_WORDS = ("demo_model", "allowed_tiers", "min_tier", "local_only")  # what holds a decision, the last one first
OUTRIGHT = frozenset({Phase.EXPLICIT, Phase.DISABLED, Phase.KEYWORD})


class Flip(NamedTuple):
    """Had this one thing been otherwise, the tier would have been another.

    With `asks_classifier` it is the tier for requests that the classifier would then have been asked about.
    """

    step: Step
    band: Band
    tier: Tier
    asks_classifier: bool


@dataclass(frozen=True, slots=True)
class Explanation:
    """`tried` are all rules of Phase 1; `flips` the least of each kind of step, the smaller first."""

    band: Band
    tier: Tier | None
    tried: tuple[Reason, ...]
    near: tuple[Reason, ...]
    flips: tuple[Flip, ...]


def explain(
    features: Features,
    policy: Policy,
    surroundings: Surroundings,
    verdict: Verdict | None = None,
    bounds: Bounds | None = None,
) -> Explanation:
    """Of what the policy chooses by itself. Without `bounds` thresholds are taken for what nobody can change."""
    tried = apply(Case(features, policy, surroundings))
    search = _Search(features, policy, surroundings, verdict)
    least = (
        search.least(threshold_steps(features, policy, surroundings, bounds or {})),
        search.least(feature_steps(features, policy, surroundings)),
        search.least(phrase_steps(features, policy)),
    )
    return Explanation(
        band=band_of([reason for reason in tried if reason.fired]),
        tier=search.tier,
        tried=tuple(sorted(tried, key=lambda reason: (not reason.fired, abs(reason.margin)))),
        near=nearest(tried, policy),
        flips=tuple(sorted((flip for flip in least if flip), key=lambda flip: flip.step.size)),
    )


def deciding(phase: str, band: str, reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Those of a decision's reasons that made it what it is; what came to the same, or was outweighed, is left out."""
    fired = [reason for reason in reasons if reason.fired or phase in OUTRIGHT]
    by_rule = {reason.rule: reason for reason in fired}
    for rule in (*LAST_WORDS, *(("session_floor",) if phase == Phase.SESSION else ())):
        if rule in by_rule:
            return (by_rule[rule],)
    scored = tuple(reason for reason in fired if reason.rule == "opus_score")
    if phase in OUTRIGHT:
        return (*fired[:1], *scored) if phase == Phase.EXPLICIT else tuple(fired[:1])
    judged = tuple(by_rule[rule] for rule in ("classifier", "classifier_unavailable") if rule in by_rule)
    return (*judged, *scored) if judged else _weighing(band, fired)


def _weighing(band: str, fired: list[Reason]) -> tuple[Reason, ...]:
    certain = tuple(reason for reason in fired if reason.rule in CANNOT_BE_LOCAL)
    is_outweighed = any(reason.rule in OUTWEIGHING for reason in fired)
    agreeing = tuple(
        reason for reason in fired if reason.points_to == band and not (is_outweighed and reason.rule in OUTWEIGHED)
    )
    scored = tuple(reason for reason in fired if reason.rule == "opus_score" and reason in agreeing)
    return (*certain, *scored) if certain else agreeing


class _Search:
    """Decides again and again; the policy's thresholds lie under a layer that is changed, so that it is made once."""

    def __init__(self, features: Features, policy: Policy, surroundings: Surroundings, verdict: Verdict | None) -> None:
        self._features, self._surroundings, self._verdict = features, surroundings, verdict
        self._layer: dict[str, float] = {}
        self._policy = replace(policy, thresholds=ChainMap(self._layer, dict(policy.thresholds)))
        self.tier = self._decided(features)[0].tier

    def least(self, steps: Iterable[Step]) -> Flip | None:
        """The smallest step after which the tier is another one."""
        for step in sorted(steps, key=lambda step: (step.size, step.name, step.to)):
            if flip := self._after(step):
                return flip
        return None

    def _after(self, step: Step) -> Flip | None:
        features = features_after(step, self._features, self._policy)
        if step.kind == "threshold":
            self._layer[step.name] = step.to
        decision, asks_classifier = self._decided(features)
        band = band_of([reason for reason in apply(Case(features, self._policy, self._surroundings)) if reason.fired])
        self._layer.clear()
        if decision.tier is None or decision.tier is self.tier:
            return None
        return Flip(step, band, decision.tier, asks_classifier)

    def _decided(self, features: Features) -> tuple[RoutingDecision, bool]:
        step = decide_automatically(features, self._policy, self._surroundings, self._verdict)
        if not isinstance(step, NeedsVerdict):
            return step, False
        decided = decide_automatically(features, self._policy, self._surroundings, UNASKED, step.signals)
        assert isinstance(decided, RoutingDecision)  # a verdict is at hand
        return decided, True
