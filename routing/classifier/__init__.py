"""Phase 2: a small local model says which tier an ambiguous request needs. It advises; the engine decides."""

from routing.classifier.asking import Classifier, Judge
from routing.engine.types import Policy, RoutingRequest, Verdict

__all__ = ["Classifier", "Judge", "classify", "forget"]

_classifier = Classifier()


async def classify(request: RoutingRequest, policy: Policy, judge: Judge | None, *, is_ready: bool) -> Verdict:
    """A verdict, or why there is none; never raises."""
    return await _classifier.classify(request, policy, judge, is_ready=is_ready)


def forget() -> None:
    """The process's classifier starts anew: empty cache, closed breaker."""
    global _classifier
    _classifier = Classifier()
