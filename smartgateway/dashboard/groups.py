"""Requests of a period by tier, team, key, model, phase or kind."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.db.models import F, Max, Sum

from audit.models.querysets import DailyReportQuerySet
from smartgateway.dashboard.filters import KINDS, TIERS

MOST_NAMED = 3
GROUPED = [
    *("request_count", "human_ask_count", "cost", "classifier_cost", "saved_requested"),
    *("unknown_cost_count", "unsaved_requested_count"),
]


@dataclass(frozen=True, slots=True)
class Group:
    """The requests of one tier, team, key, model, phase or kind; percentages are of all that is shown."""

    value: str
    title: str
    requests: int
    asks: int
    cost: Decimal
    saved: Decimal
    request_percent: float = 0.0
    ask_percent: float = 0.0
    cost_percent: float = 0.0
    note: str = ""
    unknown: int = 0  # requests whose cost nobody knows
    unsaved: int = 0  # requests that are not in what was saved
    tiers: tuple[tuple[str, int], ...] = ()  # where its requests went, where that is told apart

    @property
    def known_cost(self) -> Decimal | None:
        """None where no request has a known cost: that is not nothing."""
        return None if self.requests <= self.unknown and not self.cost else self.cost

    @property
    def known_saved(self) -> Decimal | None:
        return None if self.requests <= self.unsaved and not self.saved else self.saved


def summed(names: Iterable[str]) -> dict[str, Sum]:
    return {f"total_{name}": Sum(name, default=0) for name in names}


def grouped(rows: DailyReportQuerySet, column: str, *, name: str = "", note: str = "") -> list[Group]:
    """The groups that cost most first. `name` and `note` are snapshots of names."""
    names = {"title": Max(name) if name else F(column), **({"note": Max(note)} if note else {})}
    found: Any = rows.order_by().values(column).annotate(**names, **summed(GROUPED))
    groups = [
        Group(
            str(row[column]),
            str(row["title"] or row[column]),
            row["total_request_count"],
            row["total_human_ask_count"],
            row["total_cost"] + row["total_classifier_cost"],
            row["total_saved_requested"],
            note=row.get("note", ""),
            unknown=row["total_unknown_cost_count"],
            unsaved=row["total_unsaved_requested_count"],
        )
        for row in found
    ]
    return with_shares(sorted(groups, key=lambda group: (-group.cost, -group.requests)))


def with_shares(groups: list[Group]) -> list[Group]:
    requests = sum(group.requests for group in groups)
    asks = sum(group.asks for group in groups)
    cost = sum(group.cost for group in groups)
    return [
        replace(
            group,
            request_percent=share(group.requests, requests),
            ask_percent=share(group.asks, asks),
            cost_percent=share(group.cost, cost),
        )
        for group in groups
    ]


def by_tier(rows: DailyReportQuerySet) -> list[Group]:
    """Every tier of the ladder, used or not; haiku only where it was asked for by name, as others, which are named."""
    found = {group.value or "other": group for group in grouped(rows, "tier")}
    unused = Group("", "", 0, 0, Decimal(0), Decimal(0))
    shown = [name for name in TIERS if name in found or name not in ("haiku", "other")]
    notes = {"other": others(rows)} if "other" in found else {}
    return [replace(found.get(name, unused), value=name, title=TIERS[name], note=notes.get(name, "")) for name in shown]


def others(rows: DailyReportQuerySet) -> str:
    """Which models answered what no tier was chosen for, the most used first; who was refused had none."""
    answered: Any = rows.filter(tier="").exclude(served_model="").order_by().values("served_model")
    counted = answered.annotate(**summed(["request_count"])).order_by("-total_request_count", "served_model")
    names = [row["served_model"] for row in counted]
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return ", ".join(names[:MOST_NAMED]) + more or "none answered"


def by_version(rows: DailyReportQuerySet) -> list[Group]:
    """The newest policy first, each with the requests that it sent to each tier."""
    sent: dict[str, dict[str, int]] = defaultdict(dict)
    found: Any = rows.order_by().values("policy_version", "tier").annotate(**summed(["request_count"]))
    for row in found:
        sent[str(row["policy_version"])][row["tier"] or "other"] = row["total_request_count"]
    return [
        replace(group, tiers=tuple((tier, sent[group.value][tier]) for tier in TIERS if tier in sent[group.value]))
        for group in sorted(grouped(rows, "policy_version"), key=lambda group: -int(group.value))
    ]


def by_kind(rows: DailyReportQuerySet) -> list[Group]:
    """Agents' requests and those of chats, apart."""
    names = {"True": "agents", "False": "chats"}
    found = [(group, names[group.value]) for group in grouped(rows, "is_agentic")]
    return [replace(group, value=name, title=KINDS[name]) for group, name in found]


def share(part: Decimal | int, whole: Decimal | int) -> float:
    return float(100 * part / whole) if whole else 0.0
