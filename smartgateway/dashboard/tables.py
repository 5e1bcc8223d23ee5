"""What a page of figures shows, as tables to be taken away. The name of a measure says its unit."""

from typing import Any

from django.conf import settings

from smartgateway.dashboard.baselines import Baseline
from smartgateway.dashboard.bypassing import MOST_EXPORTED, Bypassed, bypassed
from smartgateway.dashboard.expectations import Compared, compared
from smartgateway.dashboard.figures import COUNTS, MONEY, TOKENS, Day, Figures, Timing, figures
from smartgateway.dashboard.filters import Filters
from smartgateway.dashboard.groups import Group
from smartgateway.dashboard.periods import machine_cost

Row = dict[str, Any]  # `name` first


def tables(asked: Filters, teams: frozenset[int] | None) -> dict[str, list[Row]]:
    shown = figures(asked, teams)
    groups = {
        "tiers": shown.tiers,
        "kinds": shown.kinds,
        "teams": shown.teams,
        "keys": shown.keys,
        "models": shown.models,
        "phases": shown.phases,
        "versions": shown.versions,
    }
    return {
        "total": [total(asked, shown)],
        "baselines": [of_baseline(each) for each in shown.baselines],
        "timings": [of_timing(each) for each in shown.timings],
        "bypassed": [of_bypassed(each) for each in bypassed(asked, teams, most=MOST_EXPORTED, least=None)],
        "expected": [of_expectation(each) for each in compared(asked, shown, teams)],
        **{name: [of_group(each) for each in found] for name, found in groups.items()},
        "days": [of_day(each) for each in shown.days],
    }


def total(asked: Filters, shown: Figures) -> Row:
    return {
        "name": asked.period.title,
        **{f"{name}_count": shown.total[f"{name}_count"] for name in COUNTS},
        **{name: shown.total[name] for name in TOKENS},
        "input_tokens": shown.input_tokens,
        "cache_read_percent": shown.cache_read_percent,
        "spent_usd": shown.spent,
        **{f"{name}_usd": shown.total[name] for name in MONEY},
        "machine_cost_usd": machine_cost(asked.period, settings.LOCAL_MONTHLY_COST),
        "estimated_baseline_percent": shown.estimated_percent,
        "unanswered_count": shown.unanswered,
        "unanswered_percent": shown.unanswered_percent,
        "fallback_percent": shown.fallback_percent,
        "decided_percent": shown.coverage_percent,
        "classifier_mean_seconds": shown.classifier_seconds,
        "built_at": shown.built_at,
    }


def of_baseline(baseline: Baseline) -> Row:
    return {
        "name": baseline.title,
        "cost_usd": baseline.cost,
        "saved_usd": baseline.saved,
        **({} if baseline.high is None else {"saved_at_most_usd": baseline.high}),
        "saved_percent": baseline.percent,
        "unknown_count": baseline.unknown,
        "unsaved_count": baseline.unsaved,
    }


def of_timing(timing: Timing) -> Row:
    return {
        "name": timing.title,
        "p50_seconds": timing.p50,
        "p95_seconds": timing.p95,
        "p99_seconds": timing.p99,
    }


def of_bypassed(each: Bypassed) -> Row:
    return {
        "name": each.asked,
        "auto_tier": each.auto_tier,
        "request_count": each.requests,
        "saving_usd": each.saving,
        "unknown_count": each.unknown,
    }


def of_expectation(each: Compared) -> Row:
    return {
        "name": each.title,
        "measure": each.measure,
        "expected": each.band,
        "percent": each.percent,
        "is_left": each.is_left,
    }


def of_group(group: Group) -> Row:
    return {
        "name": group.title,
        **({"of": group.note} if group.note else {}),
        "request_count": group.requests,
        "request_percent": group.request_percent,
        **{f"{tier}_request_count": count for tier, count in group.tiers},
        "human_ask_count": group.asks,
        "human_ask_percent": group.ask_percent,
        "cost_usd": group.known_cost,
        "cost_percent": group.cost_percent,
        "saved_usd": group.known_saved,
        "unknown_cost_count": group.unknown,
        "unsaved_count": group.unsaved,
    }


def of_day(day: Day) -> Row:
    return {
        "name": day.day.isoformat(),
        **{f"{tier}_request_count": count for tier, count in day.requests.items()},
        "spent_usd": day.cost,
        "saved_usd": day.saved,
        "saved_at_most_usd": day.saved_high,
        "unsaved_count": day.unsaved,
    }
