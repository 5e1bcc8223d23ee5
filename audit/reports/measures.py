"""What is counted and summed for every row of a report, in SQL."""

from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, DecimalField, F, FloatField, Max, Q, Sum, Value, When
from django.db.models.functions import Coalesce

MONEY: "DecimalField[Any, Any]" = DecimalField(max_digits=20, decimal_places=10)
ZERO = Value(Decimal(0), output_field=MONEY)
SMALLEST = Decimal("1e-10")
TOKENS = (
    "fresh_input_tokens",
    "cache_read_input_tokens",
    "cache_write_5m_input_tokens",
    "cache_write_1h_input_tokens",
    "output_tokens",
)
BASELINES = ("requested", "sonnet", "opus", "keyword")
STATUSES = ("answered", "failed", "refused", "aborted", "interrupted")
IS_BYPASSED = Q(phase__in=["explicit", "disabled", "keyword"]) & ~Q(auto_tier="")
IS_LOCAL = Q(ended__served_provider="local")
CLASSIFIER_FAILED = Q(classifier_state="timeout") | Q(classifier_state__startswith="error")
HAS_OUTCOME = Q(ended__isnull=False)
# What cost or replaced something, also in part: the rest was refused, failed or left before anything came of it
COUNTS_AS_MONEY = HAS_OUTCOME & (
    Q(ended__status="answered") | Q(ended__cost=None) | Q(ended__cost__gt=0) | Q(ended__output_tokens__gt=0)
)
DID_NOT_ASK = Q(ended__classifier_cost=None, classifier_input_tokens=0, classifier_output_tokens=0)
UNKNOWN_SAVING = COUNTS_AS_MONEY & (
    Q(ended__cost=None)
    | Q(auto_tier="sonnet", ended__baseline_sonnet=None)
    | Q(auto_tier="opus", ended__baseline_opus=None)
)
UNKNOWN_CLASSIFIER = HAS_OUTCOME & Q(ended__classifier_cost=None) & ~DID_NOT_ASK


def sums() -> dict[str, Any]:
    return {
        "last_team_name": Max("team_name"),
        "last_key_name": Max("key_name"),
        **counts(),
        **{name: Coalesce(Sum(f"ended__{name}"), 0) for name in TOKENS},
        **money(),
        "duration": Coalesce(Sum("ended__duration"), 0.0),
        "overhead": Coalesce(Sum("ended__overhead"), 0.0),
        "classifier_duration": Coalesce(
            Sum(F("classifier_latency_ms") / Value(1000.0), output_field=FloatField()), 0.0
        ),
    }


def counts() -> dict[str, Any]:
    conditions = {
        **{f"{status}_count": Q(ended__status=status) for status in STATUSES},
        "human_ask_count": Q(is_human_ask=True),
        "housekeeping_count": Q(is_housekeeping=True),
        "agentic_count": Q(is_agentic=True),
        "weighed_count": ~Q(band=""),
        "decided_count": Q(band__in=["LOCAL", "CLAUDE"]),
        "open_count": ~HAS_OUTCOME,
        "fallback_count": HAS_OUTCOME & ~Q(ended__fallback_causes=[]),
        "moved_count": HAS_OUTCOME & ~Q(tier="") & ~Q(ended__served_tier="") & ~Q(ended__served_tier=F("tier")),
        "classifier_count": Q(classifier_state="miss") | CLASSIFIER_FAILED,
        "classifier_hit_count": Q(classifier_state="hit"),
        "classifier_failed_count": CLASSIFIER_FAILED,
        "repeated_ask_count": Q(is_repeated_ask=True),
        "raised_count": Q(is_raised=True),
        "repeated_tool_count": Q(repeated_tool_calls__gt=0),
        "cancelled_stream_count": Q(ended__status="aborted", ended__error_type="client_gone", is_stream=True),
        "bypassed_count": IS_BYPASSED,
        "estimated_baseline_count": Q(ended__is_baseline_estimated=True),
        "unknown_cost_count": HAS_OUTCOME & Q(ended__cost=None),
        **unknown(),
    }
    counted = {name: Count("pk", filter=condition) for name, condition in conditions.items()}
    return {"request_count": Count("pk"), **counted}


def unknown() -> dict[str, Q]:
    """What is in no sum of a baseline, of what was saved against it, or of what `auto` would have saved."""
    names = {name: "baseline" if name == "requested" else name for name in BASELINES}
    without = {name: COUNTS_AS_MONEY & Q((f"ended__baseline_{name}", None)) for name in BASELINES}
    unspent = COUNTS_AS_MONEY & (Q(ended__cost=None) | UNKNOWN_CLASSIFIER)
    return {
        **{f"unknown_{names[name]}_count": condition for name, condition in without.items()},
        **{f"unsaved_{name}_count": condition | unspent for name, condition in without.items()},
        "unknown_classifier_count": UNKNOWN_CLASSIFIER,
        "unknown_local_count": IS_LOCAL & without["requested"],
        "unknown_bypassed_count": IS_BYPASSED & UNKNOWN_SAVING,
    }


def money() -> dict[str, Any]:
    """Sums of what is known. Saved is summed by request, so that one side alone never counts."""
    classifier_cost = Case(When(DID_NOT_ASK, then=ZERO), default=F("ended__classifier_cost"), output_field=MONEY)
    summed = {
        "cost": Sum("ended__cost"),
        "classifier_cost": Sum("ended__classifier_cost"),
        "cache_saved": Sum("ended__cache_saved"),
        "saved_requested_high": Sum(
            Coalesce("ended__baseline_requested_high", "ended__baseline_requested")
            - F("ended__cost")
            - classifier_cost,
            output_field=MONEY,
        ),
        "local_baseline": Sum("ended__baseline_requested", filter=IS_LOCAL),
        "estimated_saved": Sum(
            F("ended__baseline_requested") - F("ended__cost") - classifier_cost,
            filter=Q(ended__is_baseline_estimated=True),
            output_field=MONEY,
        ),
        "bypassed_cost": Sum("ended__cost", filter=IS_BYPASSED),
        "bypassed_saving": Sum(bypassed_saving(), filter=IS_BYPASSED, output_field=MONEY),
    }
    for name in BASELINES:
        baseline = F(f"ended__baseline_{name}")
        summed[f"baseline_{name}"] = Sum(baseline)
        summed[f"saved_{name}"] = Sum(baseline - F("ended__cost") - classifier_cost, output_field=MONEY)
    return {name: Coalesce(total, ZERO, output_field=MONEY) for name, total in summed.items()}


def bypassed_saving() -> Any:
    """What `auto` would have saved, had its tier answered: null where that is not known, negative where it costs more.

    What the local model answers costs nothing by the request.
    """
    instead = Case(
        When(auto_tier="local", then=ZERO),
        When(auto_tier="sonnet", then=F("ended__baseline_sonnet")),
        When(auto_tier="opus", then=F("ended__baseline_opus")),
        output_field=MONEY,
    )
    return F("ended__cost") - instead


def exact(value: Any) -> Any:
    return value.quantize(SMALLEST) if isinstance(value, Decimal) else value
