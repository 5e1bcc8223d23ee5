"""What the rules look at: a request's features under one policy, in known surroundings."""

from collections import defaultdict
from collections.abc import Mapping

from routing.engine.features import Features
from routing.engine.types import LocalModel, Policy, Surroundings


def weights_of(features: Features, policy: Policy, list_name: str) -> list[float]:
    """What the distinct phrases found of a list weigh in this policy; those that it no longer has count for nothing."""
    if list_name not in features.hits:
        return []
    weights = policy.weights.get(list_name, {})
    return [weights[hit] for hit in features.hits[list_name] if hit in weights]


class Case:
    """`heavy_phrases` are deep-reasoning phrases of which one alone is too much for a simple ask."""

    __slots__ = ("counts", "features", "heavy_phrases", "limits", "local", "sheds_tools")

    counts: Mapping[str, int]  # distinct phrases found of a list; 0 for one without any
    features: Features
    limits: Mapping[str, float]
    local: LocalModel | None
    heavy_phrases: int
    sheds_tools: bool

    def __init__(self, features: Features, policy: Policy, surroundings: Surroundings) -> None:
        self.features = features
        self.limits = policy.thresholds
        self.local = surroundings.local
        self.sheds_tools = False
        found = {name: weights_of(features, policy, name) for name in features.hits}
        self.counts = defaultdict(int, {name: len(weights) for name, weights in found.items()})
        heavy = policy.thresholds["heavy_phrase_weight"]
        self.heavy_phrases = len([weight for weight in found.get("deep_reasoning", ()) if weight >= heavy])
