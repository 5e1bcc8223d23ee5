"""Closes decisions whose process ended before their outcome: as `interrupted`, with everything else unknown."""

from datetime import timedelta
from decimal import Decimal

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from audit import chain, contents
from audit.ids import END, id_at
from audit.models import Attempt, Outcome, RoutingDecision, Writer
from audit.models.querysets import RoutingDecisionQuerySet

SILENT_FOR = timedelta(minutes=15)
OVERDUE_AFTER = timedelta(hours=1)
OVERDUE_LOOKED_BACK = timedelta(days=2)
CLOCK_SLACK = timedelta(minutes=1)
CHUNK = 500


def sweep() -> int:
    """Close what writers left open that are gone: found ended, or on a host that is silent for 15 minutes.

    Should a silent host come back, its own outcomes replace these.
    """
    silent_since = timezone.now() - SILENT_FOR
    gone = Writer.objects.filter(swept_at=None).filter(Q(finished_at__isnull=False) | Q(seen_at__lt=silent_since))
    return sum(_close_all_of(writer) for writer in gone)


def sweep_overdue() -> int:
    """Close what living writers left open for an hour, because their disk failed when the outcome was to be kept.

    Should an answer only take that long, its own outcome replaces this one.
    """
    now, closed = timezone.now(), 0
    overdue = RoutingDecision.objects.between(id_at(now - OVERDUE_LOOKED_BACK), id_at(now - OVERDUE_AFTER))
    while count := _close_some_of(overdue):
        closed += count
    return closed


def _close_all_of(writer: Writer) -> int:
    closed = 0
    of_writer = RoutingDecision.objects.between(id_at(writer.started_at - CLOCK_SLACK), END).filter(writer=writer)
    while count := _close_some_of(of_writer):
        closed += count
    writer.swept_at = timezone.now()
    writer.save(update_fields=["swept_at"])
    return closed


@transaction.atomic
def _close_some_of(decisions: RoutingDecisionQuerySet) -> int:
    has_attempt = Exists(Attempt.objects.filter(decision=OuterRef("pk")))
    left_open = list(decisions.with_end(is_there=False).annotate(was_called=has_attempt).order_by("id")[:CHUNK])
    Outcome.objects.bulk_create([_interrupted(decision) for decision in left_open], ignore_conflicts=True)
    attempts = Attempt.objects.filter(decision__in=left_open, duration=None, error_type="")
    attempts.update(error_type="interrupted")
    return len(left_open)


def _interrupted(decision: RoutingDecision) -> Outcome:
    """What was served and what it cost is unknown, unless nothing was called."""
    assumed = Outcome(
        cost=None if decision.was_called else Decimal(0),  # type: ignore[attr-defined]
        decision=decision,
        created_at=timezone.now(),
        writer_id=decision.writer_id,
        status="interrupted",
        error_type="interrupted",
        http_status=0,
        is_complete=False,
        is_baseline_estimated=False,
        duration=0.0,
        overhead=0.0,
    )
    values = [getattr(assumed, column) for column in contents.OUTCOME.columns]
    assumed.mac = chain.apart(contents.of_row(contents.OUTCOME, values, ()))
    return assumed
