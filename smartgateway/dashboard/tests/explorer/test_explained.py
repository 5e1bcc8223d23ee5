"""One decision told in words: why it went there, what was measured, which rules were tried."""

import msgspec
import pytest

from routing.engine.features import Features
from smartgateway.dashboard.decisions import row_of
from smartgateway.dashboard.explained import explained
from smartgateway.dashboard.tests.explorer.pages import made_from
from smartgateway.dashboard.tests.rows import decision, outcome

pytestmark = pytest.mark.django_db

FIRED = [["tool_loop", 1.0, 4.0, 0.88, "CLAUDE", True], ["opus_score", 0.0, 0.5, -0.5, "", False]]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param(
            {"tier": "sonnet", "band": "CLAUDE", "reasons": FIRED},
            "This request went to Claude Sonnet, because the rules were sure: tool loop. It was answered.",
            id="rules",
        ),
        pytest.param(
            {"tier": "opus", "phase": "explicit"},
            "This request went to Claude Opus, because the client asked for it by name. It was answered.",
            id="by name",
        ),
        pytest.param(
            {"tier": "", "model": "claude-haiku-5-5", "phase": "explicit", "served": "haiku"},
            "This request went to claude-haiku-5-5, because the client asked for it by name. It was answered.",
            id="outside the ladder",
        ),
        pytest.param(
            {"tier": "local", "phase": "llm_classifier", "band": "AMBIGUOUS", "reasons": []},
            "This request went to the team's own model, because the rules alone could not tell, since none fired, "
            "and the classifier judged it so. It was answered.",
            id="classifier",
        ),
    ],
)
def test_a_manager_reads_in_one_sentence_why_it_went_there(fields, sentence):
    served = fields.pop("served", None)
    made = decision(**fields)
    outcome(made, **({"served_tier": served} if served else {}))

    assert explained(made).sentence == sentence
    assert not row_of(made).is_moved


def test_what_could_not_be_had_went_nowhere():
    made = decision(tier="opus", phase="explicit", reasons=[["tier_not_allowed", "opus", "", 0.0, "", True]])
    outcome(made, status="refused", error_type="tier_not_allowed")

    assert explained(made).sentence == (
        "This request went nowhere, because its key may not use what it asked for (“opus”). "
        "It was refused: tier not allowed."
    )


def test_what_a_limit_refused_was_to_go_where_it_was_decided():
    made = decision(tier="opus", phase="explicit", reasons=[["explicit_model", "opus", "", 0.0, "", True]])
    outcome(made, status="refused", error_type="rate_limited", served_tier="")

    assert explained(made).sentence == (
        "This request was to go to Claude Opus, because the client asked for it by name (“opus”). "
        "It was refused: rate limited."
    )


def test_what_served_instead_is_said_with_its_cause():
    made = decision(tier="sonnet", phase="explicit")
    outcome(made, served_tier="opus", fallback_causes=["overloaded"])

    assert explained(made).sentence.endswith("It was answered by Claude Opus instead (overloaded).")


def test_features_of_another_form_leave_the_page_standing():
    assert explained(decision(features=b"not packed")).features == []


def test_what_was_measured_in_the_request_is_shown():
    packed = msgspec.msgpack.encode((Features(turns=3, tool_loop=True, hits={"simple_task": (1, 2)}).pack(), ()))

    shown = explained(decision(features=packed)).features

    assert shown == [("turns", "3"), ("tool loop", "yes"), ("phrases: simple task", "2")]


def test_every_rule_that_was_tried_is_shown_and_what_decided_comes_first(published):
    shown = explained(made_from("what is a monad"))

    assert [(rule.name, rule.state) for rule in shown.rules] == [("self contained", "decided")]
    assert len(shown.silent_rules) == 17


def test_a_rule_that_came_near_is_told_apart_from_those_that_did_not(published):
    shown = explained(made_from("Explain how to prove it"))

    assert [(rule.name, rule.state) for rule in shown.rules] == [("deep reasoning", "near")]
    assert "image" in {rule.name for rule in shown.silent_rules}
