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
        self.counts = counts = defaultdict(int)
        for name in features.hits:
            counts[name] = len(weights_of(features, policy, name))
        self.heavy_phrases = 0
        if "deep_reasoning" in counts:
            heavy, found = policy.thresholds["heavy_phrase_weight"], weights_of(features, policy, "deep_reasoning")
            self.heavy_phrases = len([weight for weight in found if weight >= heavy])
