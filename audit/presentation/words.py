"""How values and decisions read to people."""

from decimal import Decimal
from typing import Any

from audit.models import Outcome, RoutingDecision

NBSP = "\xa0"
SMALLEST_SHOWN = Decimal("0.000001")
RULE, VALUE, THRESHOLD, MARGIN, BAND, FIRED = range(6)  # of a stored reason


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


def number(value: Any) -> str:
    return f"{value:,.6g}" if isinstance(value, int | float) else str(value)
