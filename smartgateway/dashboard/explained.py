"""One decision for people: first why, in a sentence that needs no knowledge of the rules, then every number."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import msgspec

from audit.models import Attempt, Outcome, PromptText, RoutingDecision
from audit.presentation.words import BAND, FIRED, MARGIN, RULE, THRESHOLD, VALUE, outcome_of, words
from routing.engine.features import Features
from smartgateway.dashboard.decisions import measured

CHOSEN = {
    "explicit": "the client asked for it by name",
    "disabled": "smart routing is switched off",
    "keyword": "the keyword mode decides by single words",
    "session": "its conversation had already used this tier, and switching would lose its thread and its prompt cache",
    "cache": "the same request had been answered before",
}
TIERS = {"local": "the team's own model", "sonnet": "Claude Sonnet", "opus": "Claude Opus", "haiku": "Claude Haiku"}
ENDS = {
    "answered": "It was answered",
    "failed": "It failed",
    "refused": "It was refused",
    "aborted": "The client left before the end",
    "interrupted": "The gateway stopped before the end",
}


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    value: str
    threshold: str
    distance: str
    points_to: str
    fired: bool


@dataclass(frozen=True, slots=True)
class Explained:
    sentence: str
    rules: list[Rule]
    features: list[tuple[str, str]]
    attempts: list[Attempt]
    outcome: Outcome | None
    candidates: list[tuple[str, Decimal | None]]
    baselines: list[tuple[str, Decimal | None]]
    text: PromptText | None


def explained(decision: RoutingDecision) -> Explained:
    outcome = outcome_of(decision)
    return Explained(
        sentence=sentence(decision, outcome),
        rules=rules(decision.reasons),
        features=features(bytes(decision.features)),
        attempts=list(decision.attempts.order_by("number")),
        outcome=outcome,
        candidates=[(tier, None if cost is None else Decimal(cost)) for tier, cost in decision.candidates],
        baselines=[
            ("As requested", outcome.baseline_requested),
            ("All Sonnet", outcome.baseline_sonnet),
            ("All Opus", outcome.baseline_opus),
            ("Keyword mode", outcome.baseline_keyword),
        ]
        if outcome
        else [],
        text=PromptText.objects.for_decisions([decision.pk]).first(),
    )


def sentence(decision: RoutingDecision, outcome: Outcome | None) -> str:
    where = TIERS.get(decision.tier, decision.model)
    return f"This request went to {where}, because {cause(decision)}. {ending(decision, outcome)}"


def cause(decision: RoutingDecision) -> str:
    if decision.phase in CHOSEN:
        return CHOSEN[decision.phase]
    fired = [reason for reason in decision.reasons if reason[FIRED]]
    deciding = [reason for reason in fired if reason[BAND] == decision.band] or fired
    named = " and ".join(words(reason[RULE]) for reason in deciding[:2])
    if decision.phase == "llm_classifier":
        return f"the rules alone could not tell{f' ({named})' if named else ''}, and the classifier judged it so"
    if decision.band == "AMBIGUOUS":
        return f"the rules could not tell{f' ({named})' if named else ''}, and this is the tier for such requests"
    return f"the rules were sure: {named}" if named else "the rules found nothing that speaks for another"


def ending(decision: RoutingDecision, outcome: Outcome | None) -> str:
    if outcome is None:
        return "It has not ended yet."
    end = ENDS[outcome.status]
    if outcome.served_tier and outcome.served_tier != decision.tier:
        instead = TIERS.get(outcome.served_tier, outcome.served_model)
        why = ", ".join(words(cause) for cause in outcome.fallback_causes) or "it could not serve"
        return f"{end} by {instead} instead ({why})."
    trouble = f": {words(outcome.error_type)}" if outcome.error_type else ""
    return f"{end}{trouble}."


def rules(reasons: list[list[Any]]) -> list[Rule]:
    """Those that fired first, then those that came near."""
    ordered = sorted(reasons, key=lambda reason: (not reason[FIRED], abs(reason[MARGIN])))
    return [
        Rule(
            words(str(reason[RULE])),
            measured(reason[VALUE]),
            measured(reason[THRESHOLD]),
            measured(reason[MARGIN]),
            str(reason[BAND]).lower(),
            bool(reason[FIRED]),
        )
        for reason in ordered
    ]


def features(packed: bytes) -> list[tuple[str, str]]:
    """What was measured in the request; empty where it was recorded in another form."""
    try:
        kept, *_ = msgspec.msgpack.decode(packed)
        found = Features.unpack(kept)
    except (msgspec.DecodeError, TypeError, ValueError):
        return []
    plain = [name for name in Features._fields if name != "hits" and getattr(found, name)]
    hits = {name: len(ids) for name, ids in found.hits.items()}
    return [
        *((words(name), shown(getattr(found, name))) for name in plain),
        *((f"phrases: {words(name)}", str(count)) for name, count in hits.items()),
    ]


def shown(value: object) -> str:
    return "yes" if value is True else measured(value) if isinstance(value, int | float) else str(value)
