"""One decision for people: first why, in a sentence that needs no knowledge of the rules, then every number."""

from dataclasses import dataclass
from decimal import Decimal

import msgspec

from audit.models import Attempt, Feedback, Outcome, PromptText, RoutingDecision
from audit.models.feedback import VERDICTS
from audit.presentation.words import outcome_of, words
from routing.engine.causes import cause, is_refusal
from routing.engine.features import Features
from routing.engine.naming import Named, Texts
from routing.engine.telling import NO_TEXTS, destination, otherwise
from routing.engine.types import Phase, Usage
from smartgateway.completions.explaining import NamesOfThen, claude_usage_again, explanation_again, reasons_of
from smartgateway.dashboard.charged import Charged, charged
from smartgateway.dashboard.decisions import measured
from smartgateway.dashboard.tried import Rule, rules_of

ENDS = {
    "answered": "It was answered",
    "failed": "It failed",
    "refused": "It was refused",
    "aborted": "The client left before the end",
    "interrupted": "The gateway stopped before the end",
}


IDS = ("hits", "introduced_by", "tags", "in_ask", "in_system", "otherwise")  # of phrases and tags


@dataclass(frozen=True, slots=True)
class Explained:
    """`flips` say what would have made it another decision, the least first; `auto` is where that by which they are
    reckoned goes, where the request asked for something by name.

    `phrases` is None where its policy version, or what it was made from, cannot be read.
    """

    sentence: str
    auto: str
    flips: list[str]
    rules: list[Rule]
    silent_rules: list[Rule]  # what was tried and neither fired nor came near
    features: list[tuple[str, str]]
    phrases: Named | None
    attempts: list[Attempt]
    prices: list[Charged]
    outcome: Outcome | None
    candidates: list[tuple[str, Decimal | None]]
    baselines: list[tuple[str, Decimal | None]]
    estimated: Usage | None  # what the baselines of a local answer were reckoned from
    text: PromptText | None
    kind: str
    signs: list[str]
    feedback: list[Feedback]
    verdicts: list[tuple[str, str]]


def explained(decision: RoutingDecision) -> Explained:
    outcome, found = outcome_of(decision), explanation_again(decision)
    phrases = NamesOfThen().named(decision)
    texts = {each.name: each.counted for each in phrases.lists} if phrases else NO_TEXTS
    tried = rules_of(decision.phase, decision.band, reasons_of(decision.reasons), found, texts)
    attempts = list(decision.attempts.order_by("number"))
    return Explained(
        sentence=sentence(decision, outcome, texts),
        auto=destination(found.tier) if found and decision.phase == Phase.EXPLICIT else "",
        flips=[otherwise(flip) for flip in found.flips] if found else [],
        rules=[rule for rule in tried if rule.state],
        silent_rules=[rule for rule in tried if not rule.state],
        features=features(bytes(decision.features), counts_phrases=phrases is None),
        phrases=phrases,
        attempts=attempts,
        prices=charged(attempts),
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
        estimated=estimated(decision, outcome),
        text=PromptText.objects.for_decisions([decision.pk]).first(),
        kind=kind(decision),
        signs=signs(decision, outcome),
        feedback=list(Feedback.objects.for_decisions([decision.pk]).order_by("-given_at")),
        verdicts=list(VERDICTS.items()),
    )


def estimated(decision: RoutingDecision, outcome: Outcome | None) -> Usage | None:
    if outcome is None or not outcome.is_baseline_estimated:
        return None
    counted = Usage(
        outcome.fresh_input_tokens,
        outcome.cache_read_input_tokens,
        outcome.cache_write_5m_input_tokens,
        outcome.cache_write_1h_input_tokens,
        outcome.output_tokens,
    )
    return claude_usage_again(decision, counted)


def kind(decision: RoutingDecision) -> str:
    """Who asked: a person, an agent on its own, or a client for itself."""
    if decision.is_housekeeping:
        return "a client's housekeeping"
    who = "in an agent" if decision.is_agentic else "in a chat or script"
    return f"a person's new ask, {who}" if decision.is_human_ask else f"a further turn, {who}"


def signs(decision: RoutingDecision, outcome: Outcome | None) -> list[str]:
    """What says that an answer before, or this one, did not do."""
    is_left = outcome is not None and outcome.status == "aborted" and decision.is_stream
    found = {
        "The same ask had been answered within the 10 minutes before": decision.is_repeated_ask,
        "A higher tier by name than the one by which auto had answered this conversation": decision.is_raised,
        f"The newest tool call was made {decision.repeated_tool_calls} times": decision.repeated_tool_calls,
        "The client left the stream before its end": is_left,
    }
    return [words for words, is_found in found.items() if is_found]


def sentence(decision: RoutingDecision, outcome: Outcome | None, texts: Texts) -> str:
    reasons = reasons_of(decision.reasons)
    why = cause(decision.tier, decision.phase, decision.band, reasons, texts)
    if is_refusal(decision.phase, reasons):
        return f"This request went nowhere, because {why}. {ending(decision, outcome)}"
    went = "was to go" if outcome and outcome.status == "refused" else "went"
    where = destination(decision.tier, decision.model)
    return f"This request {went} to {where}, because {why}. {ending(decision, outcome)}"


def ending(decision: RoutingDecision, outcome: Outcome | None) -> str:
    if outcome is None:
        return "It has not ended yet."
    end = ENDS[outcome.status]
    if decision.tier and outcome.served_tier and outcome.served_tier != decision.tier:
        instead = destination(outcome.served_tier, outcome.served_model)
        why = ", ".join(words(cause) for cause in outcome.fallback_causes) or "it could not serve"
        return f"{end} by {instead} instead ({why})."
    trouble = f": {words(outcome.error_type)}" if outcome.error_type else ""
    return f"{end}{trouble}."


def features(packed: bytes, *, counts_phrases: bool) -> list[tuple[str, str]]:
    """What was measured in the request; empty where it was recorded in another form."""
    try:
        kept, *_ = msgspec.msgpack.decode(packed)
        found = Features.unpack(kept)
    except (msgspec.DecodeError, TypeError, ValueError):
        return []
    plain = [name for name in Features._fields if name not in IDS and getattr(found, name)]
    hits = {name: len(ids) for name, ids in found.hits.items()} if counts_phrases else {}
    return [
        *((words(name), shown(getattr(found, name))) for name in plain),
        *((f"phrases: {words(name)}", str(count)) for name, count in hits.items()),
    ]


def shown(value: object) -> str:
    return "yes" if value is True else measured(value) if isinstance(value, int | float) else str(value)
