import pytest

from routing.tests.engine.given import defaults, request, surroundings
from smartgateway.workbench.backtest.again import CLASSIFIER, OTHER_CLASSIFIER
from smartgateway.workbench.tests.backtest.given import draft, goal_of, goals, tried, without

OPEN_TO_JUDGE = surroundings(classifier_ready=True)
MOVED = draft(thresholds={"opus_score_threshold": 0.2, "simple_task_chars": 90, "named_files": 0})


def test_the_recorded_answer_of_the_classifier_is_taken_again():
    found = tried(
        request("blue boats"),
        draft(thresholds={"near_margin": 0.1}),
        around=OPEN_TO_JUDGE,
        classifier_state="miss",
        classifier_tier="opus",
    )

    assert (found.doubt, goals(found)) == ("", {goal_of("opus")})
    assert all(way.calls for way in found.ways)


def test_nobody_knows_what_a_classifier_would_have_said_that_was_not_asked():
    found = tried(request("Explain this function"), draft(without("simple_task")), around=OPEN_TO_JUDGE)

    assert found.doubt == CLASSIFIER
    assert goals(found) == {goal_of("local"), goal_of("sonnet"), goal_of("opus")}


def test_another_classifier_may_say_something_else():
    models = {**defaults()["models"], "classifier": "another"}
    found = tried(
        request("blue boats"),
        draft(models=models),
        around=OPEN_TO_JUDGE,
        classifier_state="hit",
        classifier_tier="opus",
    )

    assert found.doubt == OTHER_CLASSIFIER


def test_a_classifier_that_did_not_answer_does_not_answer_again():
    found = tried(request("blue boats"), draft(mode="local_first"), around=OPEN_TO_JUDGE, classifier_state="timeout")

    assert (found.doubt, goals(found)) == ("", {goal_of("sonnet")})


def test_what_was_asked_for_by_name_stays():
    fields = {"phase": "explicit", "requested_model": "opus", "tier": "opus", "provider_name": "anthropic"}

    assert tried(request("hello"), MOVED, **fields).is_same


def test_claude_without_a_tier_is_weighed_again():
    asked = request("Prove it")
    fields = {"phase": "explicit", "requested_provider": "anthropic", "tier": "sonnet", "provider_name": "anthropic"}

    found = tried(asked, MOVED, **fields)

    assert goals(found) == {goal_of("opus")}


def test_haiku_by_name_stays_haiku_where_names_are_read_anew():
    fields = {"phase": "explicit", "tier": "haiku", "model": "claude-haiku-5-5", "provider_name": "anthropic"}

    found = tried(request("hello"), draft(aliases=[]), requested_model="haiku", **fields)

    assert goals(found) == {("haiku", "claude-haiku-5-5")}


@pytest.mark.parametrize(
    ("aliases", "goal"),
    [
        pytest.param([{"pattern": "gpt-*", "target": "opus"}], goal_of("opus"), id="to a tier"),
        pytest.param([{"pattern": "gpt-*", "target": "auto"}], goal_of("local"), id="as before"),
        pytest.param([], ("refused", ""), id="gone"),
    ],
)
def test_another_alias_sends_its_name_elsewhere(aliases, goal):
    found = tried(request("hello"), draft(aliases=aliases), requested_model="gpt-4o")

    assert goals(found) == {goal}


def test_what_a_header_asked_for_is_asked_for_again():
    fields = {"phase": "explicit", "tier": "opus", "provider_name": "anthropic", "model": "claude-opus-5-5"}
    models = {**defaults()["models"], "opus": "claude-opus-6"}

    assert goals(tried(request("hello"), draft(models=models), **fields)) == {("opus", "claude-opus-6")}


def test_a_local_model_that_was_named_is_named_again():
    fields = {"phase": "explicit", "requested_model": "llama3", "model": "llama3"}

    assert goals(tried(request("hello"), draft(aliases=[]), **fields)) == {("local", "llama3")}


def test_what_was_refused_stays_refused():
    fields = {"phase": "explicit", "tier": "", "model": "", "status": "refused", "error_type": "tier_not_allowed"}

    assert tried(request("hello"), MOVED, **fields).is_same
