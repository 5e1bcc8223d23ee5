"""A decision in a list: one function for each column."""

from collections.abc import Callable
from typing import Any, TypeVar

from unfold.decorators import display

from audit.models import RoutingDecision
from audit.presentation.words import fired_rules, outcome_of, seconds, status_of, usd, words

F = TypeVar("F", bound=Callable[[RoutingDecision], Any])
TIER_COLOURS = {"local": "success", "haiku": "info", "sonnet": "warning", "opus": "danger"}
STATUS_COLOURS = {
    "answered": "success",
    "open": "info",
    "refused": "warning",
    "aborted": "warning",
    "failed": "danger",
    "interrupted": "danger",
}


def column(description: str, **options: Any) -> Callable[[F], F]:
    """Unfold's `display`, with types."""
    decorator: Callable[[F], F] = display(description=description, **options)
    return decorator


@column("time (UTC)")
def made_at(decision: RoutingDecision) -> str:
    return f"{decision.created_at:%Y-%m-%d %H:%M:%S}"


@column("team and key", header=True)
def who(decision: RoutingDecision) -> list[str]:
    return [decision.team_name, decision.key_name]


@column("asked for")
def asked_for(decision: RoutingDecision) -> str:
    return decision.requested_model or "auto"


@column("tier", label=TIER_COLOURS)
def chosen_tier(decision: RoutingDecision) -> str:
    return decision.tier or "none"


@column("answered by")
def served(decision: RoutingDecision) -> str:
    outcome = outcome_of(decision)
    return (outcome and outcome.served_model) or "-"


@column("phase")
def by_phase(decision: RoutingDecision) -> str:
    return words(decision.phase)


@column("reasons")
def why(decision: RoutingDecision) -> str:
    return fired_rules(decision)


@column("outcome", label=STATUS_COLOURS)
def result(decision: RoutingDecision) -> str:
    return status_of(decision)


@column("took")
def took(decision: RoutingDecision) -> str:
    outcome = outcome_of(decision)
    return seconds(outcome.duration) if outcome else "-"


@column("cost")
def cost(decision: RoutingDecision) -> str:
    outcome = outcome_of(decision)
    return usd(outcome.cost) if outcome else "-"
