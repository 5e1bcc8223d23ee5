"""The daily reports: sums of the record, made anew from it at any time."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Count, DecimalField, F, Max, Q, Sum, Value, When
from django.db.models.functions import Coalesce
from django.utils import timezone

from audit.latency import Histogram, bucket_of, histogram
from audit.models import DailyReport, ReportDay, RoutingDecision
from audit.models.querysets import RoutingDecisionQuerySet

MONEY: "DecimalField[Any, Any]" = DecimalField(max_digits=20, decimal_places=10)
SMALLEST = Decimal("1e-10")
GROUP = ("team_id", "key_id", "tier", "served_model", "phase", "policy_version")
TOKENS = (
    "fresh_input_tokens",
    "cache_read_input_tokens",
    "cache_write_5m_input_tokens",
    "cache_write_1h_input_tokens",
    "output_tokens",
)
BASELINES = ("requested", "sonnet", "opus", "keyword")
LATE_DAYS = 3


def today() -> date:
    return timezone.localdate(timezone=ZoneInfo(settings.REPORT_TIME_ZONE))


def rebuild_recent_reports() -> None:
    """Yesterday, and the days before it for which records may have come late."""
    for days in range(1, LATE_DAYS + 2):
        rebuild_daily_report(today() - timedelta(days=days))


@transaction.atomic
def rebuild_daily_report(day: date) -> int:
    """Replace the report rows of `day` with what the record now says; how many they are."""
    ReportDay.objects.get_or_create(day=day)
    ReportDay.objects.select_for_update().get(day=day)
    decisions = RoutingDecision.objects.on(day, settings.REPORT_TIME_ZONE)
    histograms = _histograms(decisions)
    rows = [_report(day, sums, histograms) for sums in _grouped(decisions).annotate(**_sums())]
    DailyReport.objects.filter(day=day).delete()
    DailyReport.objects.bulk_create(rows, batch_size=500)
    ReportDay.objects.filter(day=day).update(rebuilt_at=timezone.now())
    return len(rows)


def _grouped(decisions: RoutingDecisionQuerySet) -> Any:
    return decisions.annotate(served_model=Coalesce("outcome__served_model", Value(""))).order_by().values(*GROUP)


def _report(day: date, sums: dict[str, Any], histograms: dict[tuple[Any, ...], Histogram]) -> DailyReport:
    group = tuple(sums[name] for name in GROUP)
    values = {name: _exact(value) for name, value in sums.items() if not name.startswith("last_")}
    names = {"team_name": sums["last_team_name"], "key_name": sums["last_key_name"]}
    return DailyReport(day=day, latency_histogram=histograms.get(group, []), **names, **values)


def _exact(value: Any) -> Any:
    return value.quantize(SMALLEST) if isinstance(value, Decimal) else value


def _histograms(decisions: RoutingDecisionQuerySet) -> dict[tuple[Any, ...], Histogram]:
    """How long answers took, by group."""
    answers = _grouped(decisions.filter(outcome__status="answered")).annotate(bucket=bucket_of("outcome__duration"))
    counts: dict[tuple[Any, ...], list[tuple[int, int]]] = defaultdict(list)
    for *group, bucket, count in answers.annotate(answers=Count("pk")).values_list(*GROUP, "bucket", "answers"):
        counts[tuple(group)].append((bucket, count))
    return {group: histogram(found) for group, found in counts.items()}


def _sums() -> dict[str, Any]:
    return {
        "last_team_name": Max("team_name"),
        "last_key_name": Max("key_name"),
        **_counts(),
        **{name: Coalesce(Sum(f"outcome__{name}"), 0) for name in TOKENS},
        **_money(),
        "duration": Coalesce(Sum("outcome__duration"), 0.0),
        "overhead": Coalesce(Sum("outcome__overhead"), 0.0),
    }


def _counts() -> dict[str, Any]:
    has_outcome = Q(outcome__isnull=False)
    statuses = ("answered", "failed", "refused", "aborted", "interrupted")
    conditions = {
        **{f"{status}_count": Q(outcome__status=status) for status in statuses},
        "human_ask_count": Q(is_human_ask=True),
        "housekeeping_count": Q(is_housekeeping=True),
        "agentic_count": Q(is_agentic=True),
        "open_count": ~has_outcome,
        "fallback_count": has_outcome & ~Q(outcome__fallback_causes=[]),
        "classifier_count": Q(classifier_state__in=["miss", "timeout", "error"]),
        "estimated_baseline_count": Q(outcome__is_baseline_estimated=True),
        "unknown_cost_count": has_outcome & Q(outcome__cost=None),
        "unknown_baseline_count": Q(outcome__status="answered", outcome__baseline_requested=None),
    }
    counts = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    return {"request_count": Count("pk"), **counts}


def _money() -> dict[str, Any]:
    """Sums of what is known. Saved is summed by request, so that one side alone never counts."""
    zero = Value(Decimal(0), output_field=MONEY)
    did_not_ask = Q(outcome__classifier_cost=None, classifier_input_tokens=0, classifier_output_tokens=0)
    classifier_cost = Case(When(did_not_ask, then=zero), default=F("outcome__classifier_cost"), output_field=MONEY)
    sums = {"cost": Sum("outcome__cost"), "classifier_cost": Sum("outcome__classifier_cost")}
    for name in BASELINES:
        baseline = F(f"outcome__baseline_{name}")
        sums[f"baseline_{name}"] = Sum(baseline)
        sums[f"saved_{name}"] = Sum(baseline - F("outcome__cost") - classifier_cost, output_field=MONEY)
    return {name: Coalesce(total, zero, output_field=MONEY) for name, total in sums.items()}
