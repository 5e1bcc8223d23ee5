"""What is asked of the record. The order and the ranges of time are those of the ids."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connections
from django.db.models import DecimalField, FilteredRelation, Max, Model, Q, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from audit.ids import FIRST, id_at
from audit.latency import merged, percentile
from audit.models.indexes import STRETCH_DIGITS, stretch

if TYPE_CHECKING:
    from audit.models.record import RoutingDecision as _RoutingDecision
    from audit.models.report import DailyReport as _DailyReport
    from audit.models.report import ReportDay as _ReportDay
    from audit.models.text import PromptText as _PromptText
else:
    _RoutingDecision = _DailyReport = _ReportDay = _PromptText = Model

ZERO: dict[str, Value] = {
    "PositiveBigIntegerField": Value(0),
    "FloatField": Value(0.0),
    "DecimalField": Value(Decimal(0), output_field=DecimalField(max_digits=20, decimal_places=10)),
}


def start_of(day: date, time_zone: str) -> datetime:
    """The first moment of `day` there, whatever clocks do in that night."""
    return datetime.combine(day, time.min, ZoneInfo(time_zone))


def range_of(day: date, time_zone: str) -> tuple[UUID, UUID]:
    """The ids of `day`: from the first, up to but without the second."""
    return id_at(start_of(day, time_zone)), id_at(start_of(day + timedelta(days=1), time_zone))


class RoutingDecisionQuerySet(QuerySet[_RoutingDecision]):
    def visible_to(self, teams: frozenset[int] | None) -> Self:
        """Only decisions of `teams`; None sees all."""
        return self if teams is None else self.filter(team_id__in=teams)

    def on(self, day: date, time_zone: str) -> Self:
        return self.between(*range_of(day, time_zone))

    def between(self, first: UUID, end: UUID) -> Self:
        """Ids from `first` up to but without `end`, each with its outcome as `ended`, or without one.

        A join with `outcome` would not know the range: PostgreSQL may read all outcomes before it.
        """
        theirs = Q(outcome__decision_id__gte=first, outcome__decision_id__lt=end)
        return self.filter(id__gte=first, id__lt=end).alias(ended=FilteredRelation("outcome", condition=theirs))

    def with_end(self, *, is_there: bool) -> Self:
        """Of those `between` two ids: the ones with an outcome, or without."""
        return self.filter(Q(ended__isnull=not is_there))

    def ended_as(self, status: str) -> Self:
        """SQLite finds the index of what was not answered only where the query says that too."""
        found = self.filter(outcome__status=status)
        return found if status == "answered" else found.filter(~Q(outcome__status="answered"))

    def newest(self, *, before: UUID | None = None, limit: int = 50, by: str = "id") -> Self:
        """A page, newest first; the next one starts `before` the last id of this one.

        `by` is `outcome__decision_id` where the outcome is what was asked for, so that its index gives the order.
        """
        chosen = Q() if before is None else Q((f"{by}__lt", before))
        return self.filter(chosen).prefetch_related("outcome").order_by(f"-{by}")[:limit]

    def newest_alike(self, *, first: UUID = FIRST, before: UUID | None = None, limit: int = 50) -> Self:
        """The same page, of what is narrowed to one key, team, tier or phase, whose index gives the order.

        On PostgreSQL that order is the one of stretches of time, and `first` says where they begin.
        """
        if connections[self.db].vendor != "postgresql":
            return self.newest(before=before, limit=limit)
        bounds: dict[str, Any] = {"stretch__gte": str(first)[:STRETCH_DIGITS]} if first > FIRST else {}
        if before is not None:
            bounds |= {"stretch__lte": str(before)[:STRETCH_DIGITS], "id__lt": before}
        rows = self.alias(stretch=stretch()).filter(**bounds)
        return rows.prefetch_related("outcome").order_by("-stretch", "-id")[:limit]

    def newest_of(self, teams: Iterable[int], *, limit: int = 50, **bounds: Any) -> Self:
        """The same page of several teams: the newest of each by its index, put together.

        One question for all of them would look through everything newer where they are long gone.
        """
        pages = [self.filter(team_id=team).newest_alike(limit=limit, **bounds) for team in teams]
        keys = [key for page in pages for key in page.prefetch_related(None).values_list("pk", flat=True)]
        return self.filter(pk__in=sorted(keys, reverse=True)[:limit]).newest(limit=limit)


class PromptTextQuerySet(QuerySet[_PromptText]):
    def visible_to(self, teams: frozenset[int] | None) -> Self:
        """Only text of `teams`; None sees all."""
        return self if teams is None else self.filter(team_id__in=teams)

    def for_decisions(self, ids: Iterable[UUID]) -> Self:
        return self.filter(pk__in=list(ids))

    def before(self, moment: datetime) -> Self:
        """Of requests that came earlier."""
        return self.filter(pk__lt=id_at(moment))


class ReportDayQuerySet(QuerySet[_ReportDay]):
    def newest_work(self) -> datetime | None:
        """When worker and beat last built a report; what a person had built does not count."""
        newest: datetime | None = self.aggregate(newest=Max("worked_at"))["newest"]
        return newest


class DailyReportQuerySet(QuerySet[_DailyReport]):
    """Sums of sums. Every summed column `x` comes out as `total_x`; money is Decimal, in USD."""

    def visible_to(self, teams: frozenset[int] | None) -> Self:
        """Only reports of `teams`; None sees all."""
        return self if teams is None else self.filter(team_id__in=teams)

    def between(self, first: date, last: date) -> Self:
        """Both days included."""
        return self.filter(day__gte=first, day__lte=last)

    def totals(self) -> dict[str, Any]:
        return self.aggregate(**self._sums())

    def by_day(self) -> list[dict[str, Any]]:
        return self._by("day", order="day")

    def by_tier(self) -> list[dict[str, Any]]:
        return self._by("tier")

    def by_phase(self) -> list[dict[str, Any]]:
        return self._by("phase")

    def by_model(self) -> list[dict[str, Any]]:
        """By the model that answered; '' where none did."""
        return self._by("served_model")

    def by_team(self) -> list[dict[str, Any]]:
        return self._by("team_id", label="team_name")

    def latency(self, *shares: float) -> list[float | None]:
        """Percentiles of the duration of answers, in seconds, one for each of `shares` (0..1)."""
        whole = merged(self.values_list("latency_histogram", flat=True))
        return [percentile(whole, share) for share in shares]

    def _by(self, dimension: str, *, label: str = "", order: str = "-total_request_count") -> list[dict[str, Any]]:
        """`label` is a name snapshot: the newest one stands."""
        names = {f"last_{label}": Max(label)} if label else {}
        return list(self.values(dimension).annotate(**names, **self._sums()).order_by(order, dimension))

    def _sums(self) -> dict[str, Any]:
        kinds = {field.name: field.get_internal_type() for field in self.model._meta.concrete_fields}
        return {f"total_{name}": Coalesce(Sum(name), ZERO[kind]) for name, kind in kinds.items() if kind in ZERO}
