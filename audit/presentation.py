"""How a decision is shown to people: in a sentence and in tables."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from audit.models import Attempt, Outcome, RoutingDecision

NBSP = "\xa0"
SMALLEST_SHOWN = Decimal("0.000001")
RULE, VALUE, THRESHOLD, MARGIN, BAND, FIRED = range(6)


def table(headers: Sequence[str], rows: Sequence[Any]) -> SafeString:
    return render_to_string("unfold/components/table.html", {"table": {"headers": headers, "rows": rows}})


def usd(amount: Decimal | str | None) -> str:
    """Unknown is said so; it is not nothing."""
    if amount is None:
        return "unknown"
    exact = Decimal(amount).quantize(SMALLEST_SHOWN)
    return f"{exact.normalize():f}{NBSP}USD" if exact else f"0{NBSP}USD"


def seconds(duration: float | None) -> str:
    if duration is None:
        return "-"
    return f"{duration * 1000:.0f}{NBSP}ms" if duration < 1 else f"{duration:.1f}{NBSP}s"


def outcome_of(decision: RoutingDecision) -> Outcome | None:
    return getattr(decision, "outcome", None)


def status_of(decision: RoutingDecision) -> str:
    outcome = outcome_of(decision)
    return outcome.status if outcome else "open"


def words(identifier: str) -> str:
    return identifier.replace("_", " ")


def fired_rules(decision: RoutingDecision) -> str:
    return ", ".join(words(reason[RULE]) for reason in decision.reasons if reason[FIRED]) or "-"


def sentence(decision: RoutingDecision) -> str:
    """Why the request went where it went, for who does not know the rules."""
    asked = f'"{decision.requested_model or "auto"}" was asked for'
    chosen = f"{decision.tier or decision.model} was chosen ({words(decision.phase)})"
    because = f" because of: {fired_rules(decision)}" if fired_rules(decision) != "-" else ""
    outcome = outcome_of(decision)
    if outcome is None:
        return f"{asked}; {chosen}{because}. It has not ended yet."
    served = outcome.served_model or "nothing"
    ended = "answered" if outcome.status == "answered" else f"was asked, and it ended as {outcome.status}"
    fallback = f" after a fallback ({', '.join(outcome.fallback_causes)})" if outcome.fallback_causes else ""
    return f"{asked}; {chosen}{because}. {served} {ended}{fallback}."


def reasons_table(decision: RoutingDecision) -> SafeString:
    rows = [
        [
            words(reason[RULE]),
            _measured(reason[VALUE]),
            _measured(reason[THRESHOLD]),
            _measured(reason[MARGIN]),
            reason[BAND] or "-",
            "yes" if reason[FIRED] else "no",
        ]
        for reason in sorted(decision.reasons, key=lambda reason: not reason[FIRED])
    ]
    return table(["rule", "measured", "threshold", "margin", "points to", "fired"], rows)


def candidates_table(decision: RoutingDecision) -> SafeString:
    rows = [[tier, usd(cost), "chosen" if tier == decision.tier else ""] for tier, cost in decision.candidates]
    return table(["tier", "estimated cost", ""], rows)


def attempts_table(decision: RoutingDecision) -> SafeString:
    rows = [
        [
            attempt.number,
            attempt.tier or "-",
            attempt.response_model or attempt.request_model,
            attempt.error_type or attempt.finish_reason or "under way",
            attempt.status or "-",
            f"{_input_tokens(attempt):,} in, {attempt.output_tokens:,} out",
            usd(attempt.cost),
            seconds(attempt.time_to_first_chunk),
            seconds(attempt.duration),
        ]
        for attempt in decision.attempts.order_by("number")
    ]
    headers = ["#", "tier", "model", "ended with", "status", "tokens", "cost", "first chunk", "took"]
    return table(headers, rows)


def outcome_table(decision: RoutingDecision) -> SafeString:
    outcome = outcome_of(decision)
    if outcome is None:
        return table([], [])
    rows = [
        ["status", f"{outcome.status} ({outcome.http_status})"],
        ["error", outcome.error_type or "-"],
        ["answered by", f"{outcome.served_model or '-'} ({outcome.served_provider or '-'})"],
        ["tokens", f"{_input_tokens(outcome):,} in, {outcome.output_tokens:,} out"],
        ["cost", usd(outcome.cost)],
        ["classifier", usd(outcome.classifier_cost)],
        ["as requested it would have cost", usd(outcome.baseline_requested)],
        ["all sonnet", usd(outcome.baseline_sonnet)],
        ["all opus", usd(outcome.baseline_opus)],
        ["keyword mode", usd(outcome.baseline_keyword)],
        ["first chunk after", seconds(outcome.time_to_first_chunk)],
        ["took", seconds(outcome.duration)],
        ["of that the gateway", seconds(outcome.overhead)],
        ["fallback causes", ", ".join(outcome.fallback_causes) or "-"],
        ["dropped parameters", ", ".join(outcome.dropped_params) or "-"],
    ]
    return table([], rows)


def request_table(decision: RoutingDecision) -> SafeString:
    rows = [
        ["decision", decision.pk],
        ["time (UTC)", f"{decision.created_at:%Y-%m-%d %H:%M:%S.%f}"],
        ["team", decision.team_name],
        ["key", decision.key_name],
        ["end user", decision.end_user or "-"],
        ["session", decision.session_id or "-"],
        ["face", f"{decision.face}{', streamed' if decision.is_stream else ''}"],
        ["asked for", decision.requested_model or "auto"],
        ["policy version", decision.policy_version],
        ["band", f"{decision.band or '-'} (confidence {decision.confidence:.2f})"],
        ["score", f"{decision.score:.2f}"],
        ["auto would have chosen", decision.auto_tier or "-"],
        ["classifier", decision.classifier_state or "not asked"],
        ["tags", ", ".join(decision.tags) or "-"],
    ]
    return table([], rows)


def _measured(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value)


def _input_tokens(counted: Attempt | Outcome) -> int:
    return (
        counted.fresh_input_tokens
        + counted.cache_read_input_tokens
        + counted.cache_write_5m_input_tokens
        + counted.cache_write_1h_input_tokens
    )
