"""Takes away what is older than it has to be kept, and leaves a tombstone in the chain wherever a record was."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from audit import chain
from audit.models import Attempt, Feedback, Outcome, PromptText, Refusal, Removal, ReportDay, RoutingDecision, Writer
from audit.models.querysets import range_of
from audit.reports import LATE_DAYS, days_between, rebuild_daily_report, today

BATCH_REQUESTS = 500


class Span(NamedTuple):
    """Neighbouring records of a writer; `head` is the code of the last."""

    first: int
    last: int
    head: bytes


def remove_expired(days: int) -> int:
    """Remove the requests of days that ended more than `days` ago, each after its last report; how many they were."""
    last = today() - timedelta(days=max(days, LATE_DAYS) + 1)
    oldest = [rows.order_by("id").first() for rows in (RoutingDecision.objects, Refusal.objects)]
    begun = [timezone.localdate(each.created_at) for each in oldest if each is not None]
    if not days or not begun:
        return 0
    return sum(_remove(day) for day in days_between(min(begun) - timedelta(days=1), last))


def _remove(day: date) -> int:
    begin, end = range_of(day, settings.REPORT_TIME_ZONE)
    decisions = RoutingDecision.objects.between(begin, end).with_end(is_there=True)
    refusals = Refusal.objects.filter(id__gte=begin, id__lt=end)
    if not decisions.exists() and not refusals.exists():
        return 0
    _close_reports(day)
    removed = 0
    while count := _remove_some(decisions):
        removed += count
    while _remove_refusals(refusals):
        pass
    return removed


@transaction.atomic
def _close_reports(day: date) -> None:
    """From now on the reports of `day` are all that is known of it: they are not made anew."""
    if not ReportDay.objects.filter(day=day, removed_at__isnull=False).exists():
        rebuild_daily_report(day)
        ReportDay.objects.filter(day=day).update(removed_at=timezone.now())


@transaction.atomic
def _remove_some(decisions: QuerySet[RoutingDecision]) -> int:
    ids = list(decisions.order_by("id").values_list("pk", flat=True)[:BATCH_REQUESTS])
    rows: list[QuerySet[Any]] = [
        Attempt.objects.filter(decision_id__in=ids),
        Outcome.objects.filter(decision_id__in=ids),
        RoutingDecision.objects.filter(pk__in=ids),
    ]
    _take_away(rows)
    PromptText.objects.for_decisions(ids).delete()
    Feedback.objects.for_decisions(ids).delete()
    return len(ids)


@transaction.atomic
def _remove_refusals(refusals: QuerySet[Refusal]) -> int:
    ids = list(refusals.order_by("id").values_list("pk", flat=True)[:BATCH_REQUESTS])
    _take_away([Refusal.objects.filter(pk__in=ids)])
    return len(ids)


def _take_away(tables: Sequence[QuerySet[Any]]) -> None:
    links: dict[int, list[tuple[int, bytes]]] = defaultdict(list)
    for rows in tables:
        for writer_id, sequence, mac in rows.filter(sequence__isnull=False).values_list("writer_id", "sequence", "mac"):
            links[writer_id].append((sequence, bytes(mac)))
    for writer in Writer.objects.select_for_update().filter(pk__in=links, is_synthetic=False).order_by("pk"):
        for span in _spans(sorted(links[writer.pk])):
            _bury(writer, span)
    for rows in tables:  # which the database allows only now
        rows._raw_delete(rows.db)  # without looking for relations: there are none


def _spans(links: list[tuple[int, bytes]]) -> Iterator[Span]:
    span: Span | None = None
    for sequence, mac in links:
        if span is not None and sequence == span.last + 1:
            span = Span(span.first, sequence, mac)
            continue
        if span is not None:
            yield span
        span = Span(sequence, sequence, mac)
    if span is not None:
        yield span


def _bury(writer: Writer, span: Span) -> None:
    """One tombstone for what lies side by side."""
    before = Removal.objects.filter(writer=writer, last=span.first - 1).first()
    after = Removal.objects.filter(writer=writer, first=span.last + 1).first()
    first = before.first if before else span.first
    last, head = (after.last, bytes(after.head)) if after else (span.last, span.head)
    Removal.objects.filter(pk__in=[each.pk for each in (before, after) if each]).delete()
    Removal.objects.create(
        writer=writer,
        first=first,
        last=last,
        head=head,
        mac=chain.of_removal(writer.uuid, first, last, head),
        removed_at=timezone.now(),
    )
