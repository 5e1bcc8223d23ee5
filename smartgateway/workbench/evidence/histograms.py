"""The distances of a month as pictures, one for each threshold."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.urls import reverse

from routing.engine.types import Policy
from routing.models import Threshold
from smartgateway.workbench.evidence.distances import BARS, SIGNS, is_met_above
from smartgateway.workbench.evidence.places import RULE_OF

BAR_WIDTH, HEIGHT = 10, 40
MIDDLE = BARS // 2


@dataclass(frozen=True, slots=True)
class Bar:
    """`x` and `height` in the picture's own units; `is_met` where the rule is for it."""

    x: int
    height: float
    count: int
    label: str
    is_met: bool


@dataclass(frozen=True, slots=True)
class Histogram:
    """`value` is that in force, `draft` another one that waits in the draft; `rule` is empty where it has no page."""

    name: str
    unit: str
    effect: str
    value: float
    draft: float | None
    address: str
    rule: str
    is_met_above: bool
    bars: list[Bar]

    @property
    def requests(self) -> int:
        return sum(bar.count for bar in self.bars)

    @property
    def twice(self) -> float:
        return 2 * (self.value or 1)


def histograms(
    distances: Mapping[str, list[int]], policy: Policy | None, names: Collection[str] = SIGNS.keys()
) -> list[Histogram]:
    """Of the thresholds with these names to which something was measured; those of one rule beside each other."""
    rows = [row for row in Threshold.objects.filter(name__in=names) if any(distances.get(row.name, ()))]
    found = (_histogram(row, distances[row.name], policy) for row in rows)
    return sorted(found, key=lambda one: (one.rule or one.name, one.name))


def unmeasured(distances: Mapping[str, list[int]], names: Iterable[str] = SIGNS.keys()) -> list[str]:
    """Thresholds that no request came to."""
    return sorted(name for name in names if name in SIGNS and not any(distances.get(name, ())))


def _histogram(row: Threshold, counts: list[int], policy: Policy | None) -> Histogram:
    value = row.value if policy is None else policy.thresholds.get(row.name, row.value)
    is_above = is_met_above(row.name)
    return Histogram(
        name=row.name,
        unit=row.unit,
        effect=row.effect,
        value=value,
        draft=None if row.value == value else row.value,
        address=reverse("admin:routing_threshold_change", args=[row.pk]),
        rule=RULE_OF.get(row.name, ""),
        is_met_above=is_above,
        bars=bars_of(counts, is_above=is_above),
    )


def bars_of(counts: list[int], *, is_above: bool) -> list[Bar]:
    most = max(counts) or 1
    return [
        Bar(
            x=place * BAR_WIDTH,
            height=max(HEIGHT * count / most, 1.0 if count else 0.0),
            count=count,
            label=_between(place),
            is_met=(place >= MIDDLE) == is_above,
        )
        for place, count in enumerate(counts)
    ]


def _between(place: int) -> str:
    """In hundredths of the threshold."""
    step = 100 // MIDDLE
    if place == 0:
        return f"{(MIDDLE - 1) * step} % below and more"
    if place < MIDDLE:
        return f"{(MIDDLE - place) * step} to {(MIDDLE - place - 1) * step} % below"
    if place == BARS - 1:
        return f"{(place - MIDDLE) * step} % above and more"
    return f"{(place - MIDDLE) * step} to {(place - MIDDLE + 1) * step} % above"
