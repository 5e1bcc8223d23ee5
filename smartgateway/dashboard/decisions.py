"""The newest decisions, in words."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.models import RoutingDecision
from routing.engine.features import Features

PHASES = {
    "explicit": "Asked for by name",
    "disabled": "Smart routing is off",
    "keyword": "Keyword mode",
    "heuristic": "Rules",
    "llm_classifier": "Judged by the classifier",
    "session": "Kept for its conversation",
    "cache": "Answered from the cache",
}


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """`status` is empty while there is no outcome; a `cost` of None is unknown, not free."""

    id: UUID
    created_at: datetime
    key_id: int
    key_name: str
    team_name: str
    asked: str
    tier: str
    model: str
    served_tier: str
    served_model: str
    why: str
    status: str
    error: str
    cost: Decimal | None

    @property
    def is_moved(self) -> bool:
        """Another tier answered than the one that was chosen; a model outside the ladder never gives way."""
        return bool(self.tier and self.served_tier) and self.served_tier != self.tier


def row_of(decision: RoutingDecision) -> DecisionRow:
    outcome = getattr(decision, "outcome", None)
    return DecisionRow(
        id=decision.pk,
        created_at=decision.created_at,
        key_id=decision.key_id,
        key_name=decision.key_name,
        team_name=decision.team_name,
        asked=decision.requested_model or "auto",
        tier=decision.tier,
        model=decision.model,
        served_tier=outcome.served_tier if outcome else "",
        served_model=outcome.served_model if outcome else "",
        why=why(decision.phase, decision.band, decision.reasons),
        status=outcome.status if outcome else "",
        error=outcome.error_type if outcome else "",
        cost=outcome.cost if outcome else None,
    )


def why(phase: str, band: str, reasons: list[list[Any]]) -> str:
    """The phase and the first rule that fired for it: `Rules: total chars (64,213, threshold 30,000)`."""
    fired = sorted((reason for reason in reasons if reason[5]), key=lambda reason: bool(reason[4] != band))
    words = PHASES.get(phase, phase)
    if not fired:
        return words
    rule, value, threshold, *_ = fired[0]
    if rule == "classifier_unavailable":
        return f"{words}: none was sure, classifier {str(value).rpartition(':')[2].replace('_', ' ')}"
    measures = [measured(value), f"threshold {measured(threshold)}" if threshold != "" else ""]
    details = "" if value == threshold else ", ".join(measure for measure in measures if measure)
    return f"{words}: {str(rule).replace('_', ' ')}" + (f" ({details})" if details else "")


def measured(value: float | str) -> str:
    if isinstance(value, str):
        measure, _, rest = value.partition(" ")  # `prose_chars 39`, or a name as the client wrote it
        return f"{measure.replace('_', ' ')} {rest}" if rest and measure in Features._fields else value
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
