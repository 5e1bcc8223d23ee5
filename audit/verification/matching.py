"""Decisions, attempts and outcomes have to fit, whatever their chain says."""

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from audit import chain, contents
from audit.models import Attempt, Outcome, RoutingDecision, Writer
from audit.verification.findings import Trouble
from audit.verification.period import Period

READ_AT_ONCE = 500


def unmatched(period: Period) -> Iterator[Trouble]:
    has_decision = Exists(RoutingDecision.objects.filter(pk=OuterRef("decision_id")))
    of_decision = period.of("decision_id")
    rows: dict[str, QuerySet[Any, Any]] = {
        "no_outcome": without_outcome().filter(period.of("id"), is_given_up()),
        "outcome_without_decision": Outcome.objects.filter(of_decision).exclude(has_decision),
        "attempt_without_decision": Attempt.objects.filter(of_decision).exclude(has_decision),
        "attempt_left_open": Attempt.objects.filter(
            of_decision, duration=None, error_type="", decision__outcome__isnull=False
        ),
        "attempt_without_intent": Attempt.objects.filter(of_decision, number__gt=1, sequence=None),
        "not_synthetic": RoutingDecision.objects.filter(period.of("id"), writer__is_synthetic=True, team_id__gte=0),
    }
    for kind, found in rows.items():
        for key in found.order_by().values_list("pk", flat=True).iterator():
            yield Trouble(kind, str(key), kind.replace("_", " "))


def assumed(period: Period) -> Iterator[Trouble]:
    """Outcomes that no writer's sequence holds have codes of their own."""
    found = Outcome.objects.filter(period.of("decision_id"), sequence=None).order_by()
    rows = found.values_list("mac", *contents.OUTCOME.columns)
    for mac, *values in rows.iterator(chunk_size=READ_AT_ONCE):
        if chain.apart(contents.of_row(contents.OUTCOME, values, ())) != bytes(mac):
            yield Trouble("change", f"outcome {values[0]}", "its values do not fit its code")


def without_outcome() -> QuerySet[RoutingDecision]:
    return RoutingDecision.objects.filter(outcome=None)


def is_given_up() -> Q:
    """Of writers that were swept or are unknown: nobody else is going to close these."""
    return Q(writer__swept_at__isnull=False) | Q(~Exists(Writer.objects.filter(pk=OuterRef("writer_id"))))
