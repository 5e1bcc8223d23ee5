"""What is asked of the record. The order and the ranges of time are those of the ids."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Self
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db.models import Model, Q, QuerySet

from audit.ids import id_at

if TYPE_CHECKING:
    from audit.models.record import RoutingDecision as _RoutingDecision
else:
    _RoutingDecision = Model


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
        first, end = range_of(day, time_zone)
        return self.filter(id__gte=first, id__lt=end)

    def newest(self, key_id: int | None = None, *, before: UUID | None = None, limit: int = 50) -> Self:
        """A page, newest first; the next one starts `before` the last id of this one."""
        chosen = Q()
        if key_id is not None:
            chosen &= Q(key_id=key_id)
        if before is not None:
            chosen &= Q(id__lt=before)
        return self.filter(chosen).select_related("outcome").order_by("-id")[:limit]
