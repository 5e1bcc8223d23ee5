"""The newest decisions, in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit.models import RoutingDecision
from routing.engine.explain import LAST_WORDS, deciding
from routing.engine.features import Features
from routing.engine.naming import Texts, speaking
from routing.engine.telling import NO_TEXTS, quoted, words
from routing.engine.types import Reason
from smartgateway.completions.explaining import reasons_of

PHASES = {
    "explicit": "Asked for by name",
    "disabled": "Smart routing is off, or only observes",
    "keyword": "Keyword mode",
    "heuristic": "Rules",
    "llm_classifier": "Judged by the classifier",
    "session": "Kept for its conversation",
    "cache": "Answered from the cache",
}
SAID = {
    "routing_disabled": "Smart routing is off",
    "observing": "Observed: served as asked; what auto would have chosen is only recorded",
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


def row_of(decision: RoutingDecision, texts: Texts = NO_TEXTS) -> DecisionRow:
    """`texts` are the phrases that counted in it."""
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
        why=why(decision.phase, decision.band, reasons_of(decision.reasons), texts),
        status=outcome.status if outcome else "",
        error=outcome.error_type if outcome else "",
        cost=outcome.cost if outcome else None,
    )


def why(phase: str, band: str, reasons: Sequence[Reason], texts: Texts = NO_TEXTS) -> str:
    """The phase, what decided, and by which phrases: `Rules: simple task, “rename” (ask chars 40, threshold 3,000)`."""
    decisive = deciding(phase, band, reasons)
    first = decisive[0] if decisive else None
    if first and first.rule in SAID:
        return SAID[first.rule]
    scored = [reason for reason in decisive[1:] if reason.rule == "opus_score"]
    said = "; ".join(_said(reason, texts) for reason in (*decisive[:1], *scored))
    name = PHASES.get(phase, phase)
    return f"{name}: {said}" if said else name


def _said(reason: Reason, texts: Texts) -> str:
    rule, value, threshold = reason.rule, reason.value, reason.threshold
    if rule == "classifier_unavailable":
        return f"none was sure, classifier {str(value).rpartition(':')[2].replace('_', ' ')}"
    if rule == "classifier" or rule.startswith("explicit_"):
        return str(value)
    if rule == "session_floor":
        return str(value) if value == threshold else f"{value} instead of {threshold}"
    name = ", ".join([words(rule), *filter(None, [quoted(speaking(rule, texts))])])
    if rule in LAST_WORDS and threshold:
        return f"{name} ({threshold} instead of {value})"
    measures = [measured(value), f"threshold {measured(threshold)}" if threshold != "" else ""]
    details = "" if value == threshold else ", ".join(measure for measure in measures if measure)
    return f"{name} ({details})" if details else name


def measured(value: float | str) -> str:
    if isinstance(value, str):
        measure, _, rest = value.partition(" ")  # `prose_chars 39`, or a name as the client wrote it
        return f"{measure.replace('_', ' ')} {rest}" if rest and measure in Features._fields else value
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}"
