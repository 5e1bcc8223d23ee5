"""A decision's page, as tables."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.models import Attempt, Outcome, RoutingDecision
from audit.presentation.words import (
    BAND,
    FIRED,
    MARGIN,
    RULE,
    THRESHOLD,
    VALUE,
    number,
    outcome_of,
    seconds,
    sentence,
    usd,
    words,
)


@admin.display(description="In one sentence")
def summary(decision: RoutingDecision) -> str:
    return sentence(decision)


@admin.display(description="Explained")
def explained(decision: RoutingDecision) -> SafeString:
    return _link("dashboard:decision", decision.pk, "Every rule that was tried, and what would have led elsewhere")


@admin.display(description="Rules")
def reasons_table(decision: RoutingDecision) -> SafeString:
    rows = [
        [
            words(reason[RULE]),
            number(reason[VALUE]),
            number(reason[THRESHOLD]),
            number(reason[MARGIN]),
            reason[BAND] or "-",
            "yes" if reason[FIRED] else "no",
        ]
        for reason in sorted(decision.reasons, key=lambda reason: not reason[FIRED])
    ]
    return _table(["rule", "measured", "threshold", "margin", "points to", "fired"], rows)


@admin.display(description="Candidates")
def candidates_table(decision: RoutingDecision) -> SafeString:
    rows = [[tier, usd(cost), "chosen" if tier == decision.tier else ""] for tier, cost in decision.candidates]
    return _table(["tier", "estimated cost", ""], rows)


@admin.display(description="Attempts")
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
    return _table(headers, rows)


@admin.display(description="Outcome")
def outcome_table(decision: RoutingDecision) -> SafeString:
    outcome = outcome_of(decision)
    if outcome is None:
        return _table([], [])
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
    return _table([], rows)


@admin.display(description="As it came in")
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
        ["policy version", _version(decision.policy_version)],
        ["band", f"{decision.band or '-'} (confidence {decision.confidence:.2f})"],
        ["score", f"{decision.score:.2f}"],
        ["auto would have chosen", decision.auto_tier or "-"],
        ["classifier", decision.classifier_state or "not asked"],
        ["tags", ", ".join(decision.tags) or "-"],
    ]
    return _table([], rows)


def _version(number: int) -> SafeString | str:
    return _link("workbench:version", number, str(number)) if number else "-"


def _link(page: str, key: object, title: str) -> SafeString:
    return format_html('<a class="underline" href="{}">{}</a>', reverse(page, args=[key]), title)


def _table(headers: Sequence[str], rows: Sequence[Any]) -> SafeString:
    return render_to_string("unfold/components/table.html", {"table": {"headers": headers, "rows": rows}})


def _input_tokens(counted: Attempt | Outcome) -> int:
    return (
        counted.fresh_input_tokens
        + counted.cache_read_input_tokens
        + counted.cache_write_5m_input_tokens
        + counted.cache_write_1h_input_tokens
    )
