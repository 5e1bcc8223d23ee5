"""Whether the tiers' shares lie where an admin expects them. Without expectations there is nothing to leave."""

from typing import NamedTuple

from smartgateway.dashboard.figures import Figures
from smartgateway.dashboard.filters import Filters
from smartgateway.dashboard.groups import Group
from smartgateway.dashboard.models import ExpectedShare

FEWEST = 100  # requests, or asks: a share of fewer says nothing

Measure = ExpectedShare.Measure


class Compared(NamedTuple):
    tier: str
    title: str
    percent: float
    band: str
    measure: str
    is_left: bool


def compared(filters: Filters, shown: Figures, teams: frozenset[int] | None) -> list[Compared]:
    """Each expectation of whose figures are shown, beside what they are."""
    if set(filters.narrowing) - {"team"}:
        return []
    team = filters.team or (str(*teams) if teams and len(teams) == 1 else "")
    if not team and teams is not None:
        return []
    found = ExpectedShare.objects.filter(team_id=int(team)) if team else ExpectedShare.objects.filter(team=None)
    groups = {group.value: group for group in shown.tiers}
    return [against(expected, groups.get(expected.tier)) for expected in found if counted(expected, shown) >= FEWEST]


def counted(expected: ExpectedShare, shown: Figures) -> int:
    return int(shown.total["human_ask_count" if expected.measure == Measure.ASKS else "request_count"])


def against(expected: ExpectedShare, group: Group | None) -> Compared:
    percents = (0.0, 0.0, 0.0) if group is None else (group.request_percent, group.ask_percent, group.cost_percent)
    percent = dict(zip((Measure.REQUESTS, Measure.ASKS, Measure.COST), percents, strict=True))[
        Measure(expected.measure)
    ]
    is_left = not expected.lowest <= percent <= expected.highest
    names = (expected.get_tier_display(), percent, expected.band, expected.get_measure_display())
    return Compared(expected.tier, *names, is_left)
