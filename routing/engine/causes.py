"""Why a decision, for people who do not know the rules: the words that follow "because"."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from routing.engine.explain import LAST_WORDS, deciding
from routing.engine.naming import Texts, speaking
from routing.engine.signals import OUTWEIGHED, OUTWEIGHING
from routing.engine.telling import NO_TEXTS, destination, quoted, words
from routing.engine.types import Band, Phase, Reason, Tier

MOST_RULES = 2  # that are named for one side
SCORE = "opus_score"
LOOKS_SIMPLE = ("simple_task", "self_contained")
REFUSED: Mapping[str, str] = {
    "model_not_found": "no model is known by the name that it asked for",
    "contradictory_choice": "two things that it asked for exclude each other",
    "local_only": "it asked for Claude{said}, and must not leave the team's own machines",
    "tier_not_allowed": "its key may not use what it asked for{said}",
    "tier_not_configured": "nothing is configured that serves what it asked for{said}",
    "routing_refused": "what it asked for is not there",
}
HELD: Mapping[str, str] = {
    "local_only": "it must not leave the team's own machines",
    "min_tier": "its client asked for at least this tier",
    "allowed_tiers": "its key may not use {wanted}, and this is the nearest tier that it may use",
    "demo_model": "the embedded model only shows that the gateway works, and this tier can serve as well",
}
UNJUDGED: Mapping[str, str] = {
    "not_asked": "was not asked",
    "skipped:not_asked": "was not asked",
    "skipped:not_ready": "was not ready",
    "skipped:busy": "was busy",
    "skipped:breaker_open": "had failed so often that it was left alone for a while",
    "timeout": "did not answer in time",
    "error:unreadable_answer": "gave an answer that could not be read",
    "no_answer": "gave no answer",
}
"""Why the classifier did not decide."""


class _Told(NamedTuple):
    tier: str | None
    phase: str
    band: str
    reasons: Sequence[Reason]
    texts: Texts

    def reason(self, rule: str) -> Reason | None:
        return next((reason for reason in self.reasons if reason.rule == rule), None)

    @property
    def is_scored(self) -> bool:
        """Whether the score of its words made it opus."""
        score = self.reason(SCORE)
        return score is not None and score.fired and self.tier == Tier.OPUS


def is_refusal(phase: str, reasons: Sequence[Reason]) -> bool:
    """Whether what was asked for could not be had, so that the request went nowhere."""
    return phase == Phase.EXPLICIT and any(reason.rule in REFUSED for reason in reasons)


def cause(tier: str | None, phase: str, band: str, reasons: Sequence[Reason], texts: Texts = NO_TEXTS) -> str:
    """`texts` are the phrases that count, by list."""
    if is_refusal(phase, reasons):
        return next(_refused(reason) for reason in reasons if reason.rule in REFUSED)
    told = _Told(tier, phase, band, reasons, texts)
    for rule in LAST_WORDS:
        if held := told.reason(rule):
            return HELD[rule].format(wanted=destination(str(held.value)))
    return CAUSES.get(phase, _weighed)(told)


def _refused(reason: Reason) -> str:
    return REFUSED[reason.rule].format(said=f" (“{reason.value}”)" if reason.value else "")


def _by_name(told: _Told) -> str:
    said = next((f" (“{reason.value}”)" for reason in told.reasons if reason.rule.startswith("explicit_")), "")
    score = told.reason(SCORE)
    if score is None:
        return f"the client asked for it by name{said}"
    if told.is_scored or (not score.fired and told.tier == Tier.SONNET):
        return f"the client asked for Claude{said} without a tier, and {_scored(told, score)}"
    return f"the client asked for Claude{said} without a tier, and this one is what its key and its least tier leave"


def _scored(told: _Told, score: Reason) -> str:
    named = quoted(speaking(SCORE, told.texts))
    measured = f"{score.value:g}, threshold {score.threshold:g}"
    scoring = f"the score of its words ({measured}{f': {named}' if named else ''})"
    if score.fired:
        return f"{scoring} chose Claude Opus"
    if float(score.value) >= float(score.threshold):
        return f"{scoring} would choose Claude Opus, if the policy let it"
    return f"{scoring} does not reach Claude Opus"


def _switched_off(told: _Told) -> str:
    if told.reason("observing"):
        return (
            "the policy only observes: what asks for no model by name goes to Claude Sonnet, "
            "and what auto would have chosen is only recorded"
        )
    return "smart routing is switched off, and what asks for no model by name then goes to Claude Sonnet"


def _by_keywords(told: _Told) -> str:
    found = told.reason("keyword_opus")
    if found is None or not found.value:
        return "the keyword mode found none of its words for Claude Opus"
    named = quoted(speaking("keyword_opus", told.texts)) or f"{found.value:g}"
    if found.fired:
        return f"the keyword mode found its words for Claude Opus ({named})"
    is_struck = float(found.value) >= float(found.threshold)
    why = "the policy does not let it choose that" if is_struck else f"it wants {found.threshold:g} of them"
    return f"the keyword mode found words for Claude Opus ({named}), but {why}"


def _kept(told: _Told) -> str:
    kept = "its conversation has been with Claude, and a switch would lose its thread and its prompt cache"
    floor = told.reason("session_floor")
    if floor is None or floor.value == floor.threshold:
        return kept
    return f"{kept}; by itself it would have gone to {destination(str(floor.threshold))}"


def _judged(told: _Told) -> str:
    verdict, score = told.reason("classifier"), told.reason(SCORE)
    judged = f"{_undecided(told, 'the rules alone could not tell')}, and the classifier judged it"
    if verdict is None or verdict.value == told.tier:
        return f"{judged} so"
    judged += f" to be for {destination(str(verdict.value))}"
    if told.is_scored and score:
        return f"{judged}; {_scored(told, score)}"
    return f"{judged}, which the policy does not let it choose"


def _weighed(told: _Told) -> str:
    if told.band != Band.AMBIGUOUS:
        return _sure(told)
    unavailable, score = told.reason("classifier_unavailable"), told.reason(SCORE)
    unsure = _undecided(told, "the rules could not tell")
    unjudged = f"; the classifier {_unjudged(str(unavailable.value))}" if unavailable else ""
    if told.is_scored and score:
        return f"{unsure}{unjudged}, such requests go to Claude, and {_scored(told, score)}"
    if told.tier == Tier.LOCAL and not any(_sides(told)):
        simple = quoted([text for name in LOOKS_SIMPLE for text in told.texts.get(name, ())])
        form = f"it looks simple ({simple}), with nothing in it that speaks" if simple else "nothing in it speaks"
        return f"{unsure}{unjudged}, and {form} against the team's own model"
    return f"{unsure}{unjudged}, and this is the tier for such requests"


def _unjudged(error: str) -> str:
    return UNJUDGED.get(error) or f"failed ({words(error.removeprefix('error:'))})"


def _sure(told: _Told) -> str:
    decisive = [reason for reason in deciding(told.phase, told.band, told.reasons) if reason.rule != SCORE]
    sure = f"the rules were sure: {_named(decisive, told.texts)}" if decisive else "the rules were sure"
    score = told.reason(SCORE)
    if told.is_scored and score:
        return f"{sure}; {_scored(told._replace(texts=NO_TEXTS), score)}"
    return sure


def _undecided(told: _Told, words: str) -> str:
    local, claude = _sides(told)
    if not (local and claude):
        return f"{words}, since none fired"
    one, other = _named(local, told.texts), _named(claude, told.texts)
    return f"{words}, with {one} for the team's own model and {other} for Claude"


def _sides(told: _Told) -> tuple[list[Reason], list[Reason]]:
    """What spoke for local and what for Claude, without what does not count beside an ask of an outweighing form."""
    fired = [reason for reason in told.reasons if reason.fired and reason.points_to and reason.rule != SCORE]
    local = [reason for reason in fired if reason.points_to == Band.LOCAL]
    is_outweighed = any(reason.rule in OUTWEIGHING for reason in local)
    claude = [reason for reason in fired if reason.points_to == Band.CLAUDE]
    return local, [reason for reason in claude if not (is_outweighed and reason.rule in OUTWEIGHED)]


def _named(reasons: Sequence[Reason], texts: Texts) -> str:
    """Rules with the phrases that made them fire: `simple task (“reconcile the ledger”) and greeting (“hi”)`."""
    named = [(words(reason.rule), quoted(speaking(reason.rule, texts))) for reason in reasons[:MOST_RULES]]
    return " and ".join(f"{rule} ({phrases})" if phrases else rule for rule, phrases in named)


CAUSES: Mapping[str, Callable[[_Told], str]] = {
    Phase.EXPLICIT: _by_name,
    Phase.DISABLED: _switched_off,
    Phase.KEYWORD: _by_keywords,
    Phase.SESSION: _kept,
    Phase.LLM_CLASSIFIER: _judged,
    Phase.HEURISTIC: _weighed,
    Phase.CACHE: lambda told: "the same request had been answered before",
}
