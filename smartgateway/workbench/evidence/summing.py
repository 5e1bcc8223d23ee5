"""Making a day's evidence, and finding the days that need it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils import timezone

from audit.models import Feedback, RoutingDecision
from audit.models.querysets import range_of, start_of
from audit.reports import days_between, today
from smartgateway.workbench.evidence.model import EvidenceDay
from smartgateway.workbench.evidence.reading import MOST, Day
from smartgateway.workbench.evidence.tally import FORM, Tally

KEPT_DAYS = 30
SETTLED = timedelta(hours=1)  # after a day's end its last requests have ended and are shipped


def summarise(day: date) -> EvidenceDay:
    """The day's sums, made anew; safe to run twice."""
    made_at, tally = timezone.now(), Tally()
    for seen in Day(day):
        tally.add(seen)
    made = {"made_at": made_at, "content": tally.content(), "dearest": tally.dearest.content()}
    return EvidenceDay.objects.update_or_create(day=day, defaults=made)[0]


def summarise_missing(*, last: date | None = None) -> list[date]:
    """Every kept day without a summary of this release, or with one that was made before all had come."""
    last = last or today()
    first = last - timedelta(days=KEPT_DAYS - 1)
    EvidenceDay.objects.filter(day__lt=first).delete()
    stale = list(_stale(first, last))
    for day in stale:
        summarise(day)
    return stale


def _stale(first: date, last: date) -> Iterator[date]:
    kept = EvidenceDay.objects.filter(day__gte=first)
    made = {day: rest for day, *rest in kept.values_list("day", "made_at", "content__form", "content__requests")}
    for day in days_between(first, last):
        made_at, form, requests = made.get(day, (None, None, 0))
        is_behind = made_at is None or made_at < _settled(day) or _has_new_feedback(day, made_at)
        if is_behind or ((recorded := _recorded(day)) and (form != FORM or recorded > requests)):
            yield day


def _recorded(day: date) -> int:
    """Decisions that would be looked at: none where they are gone by their retention, more where some came late."""
    return RoutingDecision.objects.between(*range_of(day, settings.REPORT_TIME_ZONE))[:MOST].count()


def _settled(day: date) -> datetime:
    return start_of(day + timedelta(days=1), settings.REPORT_TIME_ZONE) + SETTLED


def _has_new_feedback(day: date, made_at: datetime) -> bool:
    begin, end = range_of(day, settings.REPORT_TIME_ZONE)
    return Feedback.objects.filter(given_at__gt=made_at, decision_id__gte=begin, decision_id__lt=end).exists()
