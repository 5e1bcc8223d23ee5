"""What else the answers might have cost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

BASELINES = {
    "requested": ("As requested", "each request answered by the model that it asked for; auto counts as the default"),
    "sonnet": ("All Sonnet", "every request answered by Sonnet"),
    "opus": ("All Opus", "every request answered by Opus"),
    "keyword": ("Keyword mode", "Opus where a keyword asks for it, else Sonnet"),
}


@dataclass(frozen=True, slots=True)
class Baseline:
    """What another way of answering would have cost, and what was saved against it: negative is a loss."""

    title: str
    meaning: str
    cost: Decimal
    saved: Decimal
    high: Decimal | None = None  # the interval's other end, where there is one
    unknown: int = 0  # requests that are not in `cost`
    unsaved: int = 0  # requests that are not in `saved`

    @property
    def has_interval(self) -> bool:
        return self.high is not None and self.high != self.saved

    @property
    def is_open(self) -> bool:
        """The interval runs from a loss to a gain."""
        return self.high is not None and self.saved < 0 < self.high

    @property
    def lost(self) -> Decimal:
        return -self.saved

    @property
    def lost_at_best(self) -> Decimal:
        return -(self.saved if self.high is None else self.high)

    @property
    def percent(self) -> float | None:
        return float(self.saved / self.cost * 100) if self.cost else None

    @property
    def percent_above(self) -> float | None:
        return None if self.percent is None else -self.percent


def baseline(name: str, total: dict[str, Any]) -> Baseline:
    title, meaning = BASELINES[name]
    amounts = (total[f"baseline_{name}"], total[f"saved_{name}"], total.get(f"saved_{name}_high"))
    unknown = total[f"unknown_{'baseline' if name == 'requested' else name}_count"]
    return Baseline(title, meaning, *amounts, unknown, total[f"unsaved_{name}_count"])
