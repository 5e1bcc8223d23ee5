from decimal import Decimal

import pytest

from audit.reports import today
from bench.phase1 import labelled
from routing.engine.case import Case
from routing.engine.features import measure
from routing.engine.rules import apply
from routing.engine.types import SessionState, Tier
from routing.tests.engine.given import defaults, measured, shipped, surroundings
from smartgateway.workbench.evidence.distances import BARS, SIGNS, Asked, bar_of, bars_hit
from smartgateway.workbench.evidence.histograms import bars_of
from smartgateway.workbench.evidence.month import month
from smartgateway.workbench.evidence.summing import summarise

COMPARED_WITH_NOTHING_SENT = {
    "chars_per_token",
    "claude_tokens_per_local_token",
    "classifier_cache_size",
    "image_tokens",
    "keyword_opus_hits",  # of keyword mode, where no rule of Phase 1 decides
    "near_margin",
}
OF_ONE_THRESHOLD = {
    "tool_loop": "tool_loop_window",
    "context_limit": "local_context_char_limit",
    "loaded_context": "local_answer_reserve",
    "agentic_prompt": "agentic_system_chars",
    "long_conversation": "long_conversation_turns",
    "deep_reasoning": "deep_reasoning_hits",
    "named_files": "named_files",
    "multi_file": "multi_file_hits",
    "compaction": "compaction_hits",
    "greeting": "greeting_share",
}


def bars(features, around=None):
    around = around or surroundings()
    case = Case(features, shipped(), around)
    return case, dict(bars_hit(Asked(features, case, shipped(), around)))


def test_each_threshold_has_a_histogram_unless_nothing_sent_is_compared_with_it():
    assert SIGNS.keys() | COMPARED_WITH_NOTHING_SENT == defaults()["thresholds"].keys()


def test_a_request_lies_on_the_side_of_a_threshold_on_which_its_rule_counts_it():
    seen = set()
    for request in labelled():
        features = measure(request, shipped())
        case = Case(features, shipped(), surroundings())
        reasons = {reason.rule: reason for reason in apply(case)}
        hit = dict(bars_hit(Asked(features, case, shipped(), surroundings())))
        for rule, threshold in OF_ONE_THRESHOLD.items():
            if threshold in hit:
                met = bars_of([int(place == hit[threshold]) for place in range(BARS)], is_above=">" in SIGNS[threshold])
                assert met[hit[threshold]].is_met == reasons[rule].fired, (rule, reasons[rule])
                seen.add((rule, reasons[rule].fired))

    assert len({rule for rule, fired in seen if fired}) >= 6
    assert len({rule for rule, fired in seen if not fired}) >= 6


@pytest.mark.parametrize(
    ("name", "value", "threshold", "bar"),
    [
        pytest.param("named_files", 0, 5, 0, id="nothing is as far below as can be"),
        pytest.param("named_files", 5, 5, 9, id="more than it is asked for, and this is not more"),
        pytest.param("named_files", 6, 5, 12, id="a fifth above"),
        pytest.param("deep_reasoning_hits", 2, 2, 10, id="as many are asked for"),
        pytest.param("deep_reasoning_hits", 1, 2, 5, id="half of it"),
        pytest.param("simple_task_chars", 3000, 3000, 10, id="less is asked for, and this is not less"),
        pytest.param("simple_task_chars", 2999, 3000, 9, id="just below"),
        pytest.param("tool_loop_window", 4, 4, 9, id="among as many messages"),
        pytest.param("simple_task_chars", 90_000, 3000, 19, id="far above"),
        pytest.param("local_answer_reserve", -5_000, 1024, 0, id="no room at all"),
        pytest.param("named_files", 1, 0, 19, id="a threshold of nothing"),
    ],
)
def test_a_value_has_its_bar(name, value, threshold, bar):
    assert bar_of(name, value, threshold) == bar


def test_a_rule_with_several_thresholds_lies_from_each_at_its_own_distance():
    _, found = bars(measured("Explain this function" + ", please" * 33))

    assert (found["simple_task_chars"], found["simple_task_prose_chars"]) == (0, 9)
    assert found["simple_task_system_chars"] == 0


def test_a_request_is_not_measured_by_a_rule_that_does_not_look_at_it():
    _, found = bars(measured("our importer is slow"))

    assert found.keys() == {"local_context_char_limit", "local_answer_reserve", "long_conversation_turns"}


def test_how_long_a_conversation_was_silent_is_measured_where_it_kept_its_tier():
    _, found = bars(measured("go on"), surroundings(session=SessionState(Tier.SONNET, idle_seconds=270.0)))

    assert found["session_idle_seconds"] == 9


@pytest.mark.parametrize(
    ("session", "bar"),
    [
        pytest.param(SessionState(Tier.SONNET, idle_seconds=300.0), 10, id="let go at as many seconds"),
        pytest.param(SessionState(Tier.LOCAL, idle_seconds=1.0), None, id="it holds nothing"),
    ],
)
def test_only_what_holds_a_conversation_is_measured_and_lets_go_at_its_threshold(session, bar):
    _, found = bars(measured("go on"), surroundings(session=session))

    assert found.get("session_idle_seconds") == bar


@pytest.mark.django_db
def test_each_request_is_counted_once_for_each_threshold_it_came_to(asked):
    asked("what is a monad")
    asked("what is a monad")
    asked("our importer is slow")
    summarise(today())

    found = month(shipped()).distances

    assert (sum(found["self_contained_chars"]), found["self_contained_chars"][0]) == (2, 2)
    assert sum(found["long_conversation_turns"]) == 3
    assert "deep_reasoning_hits" not in found


@pytest.mark.django_db
def test_scores_and_the_classifiers_time_have_their_distances_too(asked):
    score = ["opus_score", 0.45, 0.5, -0.05, "CLAUDE", False]
    asked("prove it", reasons=[score], classifier_state="miss", classifier_latency_ms=4_800, ended={"cost": Decimal(1)})
    asked("prove it", reasons=[], classifier_state="hit", classifier_latency_ms=0)
    summarise(today())

    found = month(shipped()).distances

    assert (found["opus_score_threshold"][9], sum(found["opus_score_threshold"])) == (1, 1)
    assert (found["classifier_timeout_seconds"][9], sum(found["classifier_timeout_seconds"])) == (1, 1)
