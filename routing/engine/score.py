"""How much an ask demands of a model, from 0 to 1: what chooses between sonnet and opus."""

from routing.engine.case import weights_of
from routing.engine.features import Features
from routing.engine.types import Policy

SCORED = frozenset({"deep_reasoning", "conflicting_constraints", "scope"})


def score_of(features: Features, policy: Policy) -> float:
    """Deep reasoning, conflicting constraints and scope of the newest ask; never its size or its files."""
    if SCORED.isdisjoint(features.hits):
        return 0.0
    cap = policy.thresholds["constraints_score_cap"]
    deep = sum(weights_of(features, policy, "deep_reasoning"))
    constraints = min(cap, sum(weights_of(features, policy, "conflicting_constraints")))
    scope = min(cap, sum(weights_of(features, policy, "scope")))
    return round(min(1.0, deep + constraints + scope), 4)
