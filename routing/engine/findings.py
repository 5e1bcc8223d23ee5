"""How a rule says what it found: value, threshold, and how far it came past that, mostly as a share of it."""

from collections.abc import Sequence
from functools import lru_cache

from routing.engine.types import Band, Reason

Check = tuple[str, float, float]
"""What is looked at, its value, and the threshold that it must stay below; 0 where there must be none of it."""


def rounded(margin: float) -> float:
    """To four decimals; `round` writes the number out and reads it again."""
    return int(margin * 10_000 + (0.5 if margin > 0 else -0.5)) / 10_000


@lru_cache(maxsize=1_024)
def told(value: float) -> str:
    return f"{value:g}"


def above(rule: str, value: float, threshold: float, points_to: Band) -> Reason:
    margin = rounded((value - threshold) / (threshold if threshold > 1.0 else max(abs(threshold), 1.0)))
    return Reason(rule, value, threshold, margin, points_to, value > threshold)


@lru_cache(maxsize=4_096)
def at_least(rule: str, count: int, threshold: float, points_to: Band) -> Reason:
    """A count lies half a step from its threshold when it just reaches or just misses it."""
    margin = rounded((count - threshold + 0.5) / max(threshold, 1.0))
    return Reason(rule, count, threshold, margin, points_to, count >= threshold)


@lru_cache(maxsize=256)
def holds(rule: str, is_so: bool, points_to: Band) -> Reason:
    return Reason(rule, float(is_so), 1.0, 1.0 if is_so else -1.0, points_to, is_so)


@lru_cache(maxsize=256)
def absent(rule: str, threshold: float, points_to: Band) -> Reason:
    return Reason(rule, 0, threshold, -1.0, points_to, False)


def all_of(rule: str, points_to: Band, checks: Sequence[Check]) -> Reason:
    """Fires when every value is below its threshold, or zero where that is zero; by the check with the least margin."""
    margins = [
        (threshold - value) / (threshold if threshold > 1.0 else 1.0) if threshold else -1.0 if value else 1.0
        for _, value, threshold in checks
    ]
    margin = min(margins)
    name, value, threshold = min([check for check, other in zip(checks, margins, strict=True) if other == margin])
    return Reason(rule, f"{name} {told(value)}", told(threshold), rounded(margin), points_to, margin > 0)
