"""Every sentence that says why, made by really deciding: over all phases and all reasons of a decision."""

import re
from pathlib import Path

import pytest

from routing.engine.automatic import NeedsVerdict
from routing.engine.causes import HELD, REFUSED, UNJUDGED, cause, is_refusal
from routing.engine.decide import decide, refused
from routing.engine.features import measure
from routing.engine.naming import Names
from routing.engine.rules import OTHERS, OUTWEIGHING
from routing.engine.signals import compute_routing_signals
from routing.engine.types import (
    Band,
    Phase,
    Reason,
    RoutingRefusedError,
)
from routing.tests.engine.given import policy, request, shipped, surroundings
from routing.tests.engine.sentences import CASES


def decided(*messages, rules=None, around=None, verdict=None, **changes):
    """A decision with the sentence that says why."""
    chosen, wanted, world = policy(**rules) if rules else shipped(), request(*messages, **changes), around or {}
    features, around = measure(wanted, chosen), surroundings(**world)
    signals = compute_routing_signals(features, chosen, around)
    try:
        decision = decide(wanted, chosen, around, verdict, features, signals)
    except RoutingRefusedError as exc:
        decision = refused(wanted, exc.code, chosen, around, features)
    assert not isinstance(decision, NeedsVerdict)
    texts = Names(chosen).counted(features)
    return decision, cause(decision.tier, decision.phase, signals.band, decision.reasons, texts)


@pytest.mark.parametrize(("case", "tier", "sentence"), CASES)
def test_why_is_said_as_it_was_decided(case, tier, sentence):
    messages, settings = case

    decision, said = decided(*messages, **settings)

    assert (decision.tier, said) == (tier, sentence)


def test_every_phase_and_every_reason_is_read_here():
    made = [decided(*messages, **settings)[0] for (messages, settings), _, _ in CASES]

    rules = {reason.rule for decision in made for reason in decision.reasons}
    assert {decision.phase for decision in made} == set(Phase) - {Phase.CACHE}  # nothing is answered from a cache yet
    assert {*HELD, *REFUSED} <= rules
    assert rules - {rule.__name__ for rule in (*OTHERS, *OUTWEIGHING)} - {*HELD, *REFUSED} == OTHER_REASONS


OTHER_REASONS = {
    *("explicit_header", "explicit_model", "explicit_provider", "explicit_word"),
    *("routing_disabled", "observing", "keyword_opus", "opus_score"),
    *("session_floor", "classifier", "classifier_unavailable"),
}


def test_these_are_all_reasons_that_the_engine_gives():
    engine = Path(__file__).parents[2] / "engine"
    text = "".join((engine / name).read_text() for name in ("automatic.py", "explicit.py", "limits.py"))
    given = {*re.findall(r'Reason\("(\w+)"', text), *re.findall(r'"(explicit_\w+)"', text)}

    assert given | set(re.findall(r'_step\("(\w+)"', text)) == OTHER_REASONS | HELD.keys()


@pytest.mark.parametrize(
    "error", [error.code for error in [RoutingRefusedError, *RoutingRefusedError.__subclasses__()]]
)
def test_what_was_refused_went_nowhere(error):
    reasons = [Reason(error, "opus", "", 0.0)]

    assert is_refusal(Phase.EXPLICIT, reasons)
    assert cause("opus", "explicit", "LOCAL", reasons) == REFUSED[error].format(said=" (“opus”)")
    assert not is_refusal(Phase.HEURISTIC, [Reason("local_only", "opus", "local", 0.0)])


@pytest.mark.parametrize("error", [*UNJUDGED, "error:rate_limited"])
def test_why_the_classifier_did_not_decide_is_said(error):
    said = cause("sonnet", "heuristic", "AMBIGUOUS", [Reason("classifier_unavailable", error, "", 0.0)])

    assert UNJUDGED.get(error, "failed (rate limited)") in said


def test_every_error_of_the_classifier_has_words():
    sources = Path(__file__).parents[3] / "routing"
    text = "".join((sources / name).read_text() for name in ("classifier/asking.py", "route.py", "engine/automatic.py"))

    assert set(re.findall(r'error="(skipped:\w+|timeout)"', text)) <= UNJUDGED.keys()


@pytest.mark.parametrize(
    ("phase", "band", "said"),
    [
        ("heuristic", "LOCAL", "the rules were sure"),
        (
            "heuristic",
            "AMBIGUOUS",
            "the rules could not tell, since none fired, and this is the tier for such requests",
        ),
        (
            "llm_classifier",
            "AMBIGUOUS",
            "the rules alone could not tell, since none fired, and the classifier judged it so",
        ),
        ("explicit", "LOCAL", "the client asked for it by name"),
        ("keyword", "LOCAL", "the keyword mode found none of its words for Claude Opus"),
        (
            "session",
            "LOCAL",
            "its conversation has been with Claude, and a switch would lose its thread and its prompt cache",
        ),
        ("cache", "LOCAL", "the same request had been answered before"),
    ],
)
def test_what_was_recorded_without_reasons_is_said_with_less(phase, band, said):
    assert cause("sonnet", phase, band, []) == said


def test_phrases_are_named_where_they_count_or_else_the_rule_alone():
    fired = [Reason("simple_task", "asks 1", "2", 0.5, Band.LOCAL)]

    assert cause("local", "heuristic", "LOCAL", fired) == "the rules were sure: simple task"
    assert cause("local", "heuristic", "LOCAL", fired, {"simple_task": ("a", "b", "c", "d", "e")}) == (
        "the rules were sure: simple task (“a”, “b”, “c” and 2 more)"
    )
