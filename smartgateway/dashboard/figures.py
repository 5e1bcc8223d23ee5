"""What the pages show of the daily reports. Sums only: nothing is counted here that the reports do not say."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet, Sum

from audit.models import DailyReport, ReportDay
from smartgateway.dashboard.periods import WEEK, Period

TIERS = {"local": "Local", "haiku": "Haiku", "sonnet": "Sonnet", "opus": "Opus", "": "Other"}
COUNTS = ["request", "human_ask", "housekeeping", "agentic", "failed", "refused", "aborted", "open", "fallback"]
UNKNOWNS = ["unknown_cost", "unknown_baseline", "estimated_baseline"]
BASELINES = {
    "requested": ("As requested", "each request answered by the model that it asked for; auto counts as the default"),
    "sonnet": ("All Sonnet", "every request answered by Sonnet"),
    "opus": ("All Opus", "every request answered by Opus"),
    "keyword": ("Keyword mode", "Opus where a keyword asks for it, else Sonnet"),
}
MONEY = ["cost", "classifier_cost", *(f"{kind}_{name}" for name in BASELINES for kind in ("baseline", "saved"))]
SUMMED = [*(f"{name}_count" for name in [*COUNTS, *UNKNOWNS]), *MONEY]


@dataclass(frozen=True, slots=True)
class TierShare:
    name: str
    title: str
    requests: int
    cost: Decimal
    request_percent: float
    cost_percent: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """What another way of answering would have cost, and what was saved against it: negative is a loss."""

    title: str
    meaning: str
    cost: Decimal
    saved: Decimal

    @property
    def percent(self) -> float | None:
        return float(self.saved / self.cost * 100) if self.cost else None

    @property
    def percent_above(self) -> float | None:
        return None if self.percent is None else -self.percent


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    requests: dict[str, int]  # by tier
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Figures:
    total: dict[str, Any]  # the reports' own columns, summed
    tiers: list[TierShare]
    baselines: list[Baseline]
    days: list[Day]
    built_at: datetime | None  # None: no day of the period was ever reported

    @property
    def spent(self) -> Decimal:
        return Decimal(self.total["cost"] + self.total["classifier_cost"])

    @property
    def unanswered(self) -> int:
        return int(self.total["failed_count"] + self.total["refused_count"] + self.total["aborted_count"])

    @property
    def has_trend(self) -> bool:
        return any(count for day in self.days for count in day.requests.values())

    @property
    def has_other(self) -> bool:
        return any(tier.name == "other" for tier in self.tiers)

    @property
    def headline(self) -> Baseline:
        return self.baselines[0]


def figures(period: Period, teams: frozenset[int] | None) -> Figures:
    rows = reports(period.first, period.last, teams)
    total = rows.aggregate(**summed(SUMMED))
    return Figures(
        total={name: total[f"total_{name}"] for name in SUMMED},
        tiers=by_tier(rows),
        baselines=[
            Baseline(title, meaning, total[f"total_baseline_{name}"], total[f"total_saved_{name}"])
            for name, (title, meaning) in BASELINES.items()
        ],
        days=by_day(reports(period.last - WEEK, period.last, teams), Period("", "", period.last - WEEK, period.last)),
        built_at=built_at(period),
    )


def reports(first: date, last: date, teams: frozenset[int] | None) -> QuerySet[DailyReport]:
    rows = DailyReport.objects.filter(day__range=(first, last))
    return rows if teams is None else rows.filter(team_id__in=teams)


def summed(names: Iterable[str]) -> dict[str, Sum]:
    return {f"total_{name}": Sum(name, default=0) for name in names}


def by_tier(rows: QuerySet[DailyReport]) -> list[TierShare]:
    """Every tier of the ladder, used or not; haiku and models outside the ladder only where they were used."""
    grouped: Any = rows.values("tier").annotate(**summed(["request_count", "cost"]))
    found = {row["tier"]: (row["total_request_count"], row["total_cost"]) for row in grouped}
    all_requests = sum(requests for requests, _ in found.values())
    all_cost = sum(cost for _, cost in found.values())
    shares = []
    for name, title in TIERS.items():
        if name in found or name not in ("haiku", ""):
            requests, cost = found.get(name, (0, Decimal(0)))
            shares.append(
                TierShare(name or "other", title, requests, cost, share(requests, all_requests), share(cost, all_cost))
            )
    return shares


def share(part: Decimal | int, whole: Decimal | int) -> float:
    return float(100 * part / whole) if whole else 0.0


def by_day(rows: QuerySet[DailyReport], period: Period) -> list[Day]:
    found: dict[date, dict[str, Any]] = {day: {} for day in period.days}
    grouped: Any = rows.values("day", "tier").annotate(**summed(["request_count", "cost"]))
    for row in grouped:
        found[row["day"]][row["tier"]] = row
    return [
        Day(
            day,
            {name: tiers[name]["total_request_count"] if name in tiers else 0 for name in TIERS},
            sum((row["total_cost"] for row in tiers.values()), Decimal(0)),
        )
        for day, tiers in found.items()
    ]


def built_at(period: Period) -> datetime | None:
    """When the newest day of the period that has a report was built."""
    built = ReportDay.objects.filter(day__range=(period.first, period.last), rebuilt_at__isnull=False)
    newest = built.order_by("-day").first()
    return newest.rebuilt_at if newest else None
