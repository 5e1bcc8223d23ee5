"""What the pages show of the daily reports. Sums only: nothing is counted here that the reports do not say."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from audit.latency import MILLISECONDS, TENTHS_OF_MILLISECONDS, merged, percentile
from audit.models import ReportDay
from audit.models.querysets import DailyReportQuerySet
from smartgateway.dashboard.baselines import BASELINES, Baseline, baseline
from smartgateway.dashboard.filters import TIERS, Filters
from smartgateway.dashboard.groups import Group, by_kind, by_tier, by_version, grouped, share, summed
from smartgateway.dashboard.periods import WEEK, Period

COUNTS = [
    *("request", "human_ask", "housekeeping", "agentic", "weighed", "decided", "answered", "failed", "refused"),
    *("aborted", "interrupted", "open", "fallback", "moved", "classifier", "classifier_hit", "classifier_failed"),
    *("bypassed", "unknown_bypassed", "estimated_baseline", "unknown_local", "unknown_cost", "unknown_classifier"),
    *("unknown_baseline", "unknown_sonnet", "unknown_opus", "unknown_keyword"),
    *("unsaved_requested", "unsaved_sonnet", "unsaved_opus", "unsaved_keyword"),
    *("repeated_ask", "raised", "repeated_tool", "cancelled_stream"),
]
MONEY = [
    *("cost", "classifier_cost", "local_baseline", "estimated_saved", "bypassed_cost", "bypassed_saving"),
    *("saved_requested_high", "cache_saved"),
    *(f"{kind}_{name}" for name in BASELINES for kind in ("baseline", "saved")),
]
TOKENS = [
    *("fresh_input_tokens", "cache_read_input_tokens", "cache_write_5m_input_tokens", "cache_write_1h_input_tokens"),
    "output_tokens",
]
SUMMED = [*(f"{name}_count" for name in COUNTS), *MONEY, *TOKENS, "classifier_duration"]
HISTOGRAMS = {
    "latency_histogram": ("Whole answer", MILLISECONDS),
    "first_chunk_histogram": ("First chunk", MILLISECONDS),
    "overhead_histogram": ("Added by the gateway", TENTHS_OF_MILLISECONDS),
}
PERCENTILES = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Day:
    day: date
    requests: dict[str, int]  # by tier
    cost: Decimal
    saved: Decimal
    saved_high: Decimal
    unsaved: int  # requests that are not in what was saved


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds that half, 95 and 99 of a hundred answers did not exceed."""

    title: str
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Figures:
    total: dict[str, Any]  # the reports' own columns, summed
    tiers: list[Group]
    kinds: list[Group]
    baselines: list[Baseline]
    days: list[Day]
    timings: list[Timing]
    built_at: datetime | None  # None: no day of the period was ever reported
    teams: list[Group] = field(default_factory=list)
    keys: list[Group] = field(default_factory=list)
    models: list[Group] = field(default_factory=list)
    phases: list[Group] = field(default_factory=list)
    versions: list[Group] = field(default_factory=list)

    @property
    def spent(self) -> Decimal:
        return Decimal(self.total["cost"] + self.total["classifier_cost"])

    @property
    def unanswered(self) -> int:
        counted = ("failed", "refused", "aborted", "interrupted")
        return sum(int(self.total[f"{name}_count"]) for name in counted)

    @property
    def bypassed_loss(self) -> Decimal:
        return -Decimal(self.total["bypassed_saving"])

    @property
    def has_trend(self) -> bool:
        return any(count for day in self.days for count in day.requests.values())

    @property
    def has_synthetic(self) -> bool:
        return any(team.value.startswith("-") for team in self.teams)

    @property
    def headline(self) -> Baseline:
        return self.baselines[0]

    def percent_of_requests(self, name: str) -> float:
        return share(self.total[f"{name}_count"], self.total["request_count"])

    @property
    def unanswered_percent(self) -> float:
        return share(self.unanswered, self.total["request_count"])

    @property
    def fallback_percent(self) -> float:
        return self.percent_of_requests("fallback")

    @property
    def coverage_percent(self) -> float:
        return share(self.total["decided_count"], self.total["weighed_count"])

    @property
    def estimated_percent(self) -> float:
        return share(self.total["estimated_baseline_count"], self.total["answered_count"])

    @property
    def input_tokens(self) -> int:
        return sum(int(self.total[name]) for name in TOKENS if name != "output_tokens")

    @property
    def cache_read_percent(self) -> float:
        return share(self.total["cache_read_input_tokens"], self.input_tokens)

    @property
    def classifier_seconds(self) -> float | None:
        asked = self.total["classifier_count"]
        return self.total["classifier_duration"] / asked if asked else None


def figures(filters: Filters, teams: frozenset[int] | None) -> Figures:
    period, rows = filters.period, filters.rows(teams)
    found = rows.aggregate(**summed(SUMMED))
    total = {name: found[f"total_{name}"] for name in SUMMED}
    trend_first = min(period.first, period.last - WEEK)
    trend = filters.rows(teams, first=trend_first)
    return Figures(
        total=total,
        tiers=by_tier(rows),
        kinds=by_kind(rows),
        baselines=[baseline(name, total) for name in BASELINES],
        days=by_day(trend, Period("", "", trend_first, period.last)),
        timings=timings(rows),
        built_at=built_at(period),
        teams=grouped(rows, "team_id", name="team_name"),
        keys=grouped(rows, "key_id", name="key_name", note="team_name"),
        models=grouped(rows.exclude(served_model=""), "served_model"),
        phases=[] if filters.tag else grouped(rows, "phase"),
        versions=[] if filters.tag else by_version(rows),
    )


def by_day(rows: DailyReportQuerySet, period: Period) -> list[Day]:
    found: dict[date, dict[str, Any]] = {day: {} for day in period.days}
    saved = ["saved_requested", "saved_requested_high", "unsaved_requested_count"]
    sums = summed(["request_count", "cost", "classifier_cost", *saved])
    by_day_and_tier: Any = rows.order_by().values("day", "tier").annotate(**sums)
    for row in by_day_and_tier:
        found[row["day"]][row["tier"] or "other"] = row
    return [
        Day(
            day,
            {name: tiers[name]["total_request_count"] if name in tiers else 0 for name in TIERS},
            sum((row["total_cost"] + row["total_classifier_cost"] for row in tiers.values()), Decimal(0)),
            sum((row["total_saved_requested"] for row in tiers.values()), Decimal(0)),
            sum((row["total_saved_requested_high"] for row in tiers.values()), Decimal(0)),
            sum(row["total_unsaved_requested_count"] for row in tiers.values()),
        )
        for day, tiers in found.items()
    ]


def timings(rows: DailyReportQuerySet) -> list[Timing]:
    found = list(rows.values_list(*HISTOGRAMS))
    timed = []
    for place, (title, unit) in enumerate(HISTOGRAMS.values()):
        whole = merged(row[place] for row in found)
        timed.append(Timing(title, *(percentile(whole, part, unit) for part in PERCENTILES)))
    return timed


def built_at(period: Period) -> datetime | None:
    """When the newest day of the period that has a report was built."""
    built = ReportDay.objects.filter(day__range=(period.first, period.last), rebuilt_at__isnull=False)
    newest = built.order_by("-day").first()
    return newest.rebuilt_at if newest else None
