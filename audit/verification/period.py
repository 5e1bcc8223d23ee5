"""The part of the record that is looked at: all of it, or the decisions of a time with what belongs to them."""

from datetime import datetime
from typing import NamedTuple

from django.db.models import Max, Min, Q

from audit.ids import id_at
from audit.models import RoutingDecision


class Period(NamedTuple):
    since: datetime | None = None
    until: datetime | None = None

    @property
    def is_all(self) -> bool:
        return self.since is None and self.until is None

    def of(self, column: str) -> Q:
        """The condition on a decision's id."""
        wanted = Q()
        if self.since is not None:
            wanted &= Q(**{f"{column}__gte": id_at(self.since)})
        if self.until is not None:
            wanted &= Q(**{f"{column}__lt": id_at(self.until)})
        return wanted

    def sequences(self) -> dict[int, tuple[int, int]] | None:
        """By writer, None for all: the record before the period, by which its first one is judged, and its last."""
        if self.is_all:
            return None
        bounds = RoutingDecision.objects.filter(self.of("id")).order_by().values_list("writer_id")
        found = bounds.annotate(first=Min("sequence"), last=Max("sequence"))
        return {writer: (max(first - 1, 1), last) for writer, first, last in found}
