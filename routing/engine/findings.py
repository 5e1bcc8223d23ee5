"""How a rule says what it found: value, threshold, and the distance between them as a share of the threshold."""

from collections.abc import Sequence
from functools import lru_cache

from routing.engine.types import Band, Reason

Check = tuple[float, str, float, float]
"""The margin, what was looked at, its value, the threshold."""


def above(rule: str, value: float, threshold: float, points_to: Band) -> Reason:
    margin = round((value - threshold) / (threshold if threshold > 1.0 else max(abs(threshold), 1.0)), 4)
    return Reason(rule, value, threshold, margin, points_to, value > threshold)


@lru_cache(maxsize=4_096)
def at_least(rule: str, count: int, threshold: float, points_to: Band) -> Reason:
    """A count lies half a step from its threshold when it just reaches or just misses it."""
    margin = round((count - threshold + 0.5) / max(threshold, 1.0), 4)
    return Reason(rule, count, threshold, margin, points_to, count >= threshold)


@lru_cache(maxsize=256)
def holds(rule: str, is_so: bool, points_to: Band) -> Reason:
    return Reason(rule, float(is_so), 1.0, 1.0 if is_so else -1.0, points_to, is_so)


@lru_cache(maxsize=256)
def absent(rule: str, threshold: float, points_to: Band) -> Reason:
    return Reason(rule, 0, threshold, -1.0, points_to, False)


def none(name: str, count: int) -> Check:
    return (-1.0 if count else 1.0, name, count, 0.0)


def below(name: str, value: float, threshold: float) -> Check:
    return ((threshold - value) / max(abs(threshold), 1.0), name, value, threshold)


def all_of(rule: str, points_to: Band, checks: Sequence[Check]) -> Reason:
    """Fires when every check holds, by the check with the least margin."""
    margin, name, value, threshold = min(checks)
    return Reason(rule, f"{name} {value:g}", f"{threshold:g}", round(margin, 4), points_to, margin > 0)
