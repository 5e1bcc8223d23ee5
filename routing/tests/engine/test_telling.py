import pytest

from routing.engine.breakpoints import FIXED, LIMITS, Step
from routing.engine.explain import Flip
from routing.engine.telling import condition, destination, otherwise
from routing.engine.types import Band, Tier

CONDITIONS = [
    (
        Step("threshold", "opus_score_threshold", 0.5, 0.45, 0.05),
        "had the threshold “opus score threshold” been 0.45 instead of 0.5",
    ),
    (
        Step("threshold", "simple_task_chars", 3000, 3201, 0.07),
        "had the threshold “simple task chars” been 3,201 instead of 3,000",
    ),
    (Step("feature", "ask_chars", 3200, 2999, 0.07), "had the ask been 2,999 characters long instead of 3,200"),
    (Step("feature", "greeting_share", 0.45, 0.5, 0.05), "had greetings made up 0.5 of the ask instead of 0.45"),
    (Step("feature", "tools_declared", 2, 1, 1), "had it declared 1 tool instead of 2"),
    (Step("feature", "ask_chars", 3, 1, 1), "had the ask been 1 character long instead of 3"),
    (Step("feature", "files", 0, 11, 1), "had it named 11 files instead of 0"),
    (Step("feature", "tool_distance", 2, 0, 2), "had no tool been at work in it"),
    (Step("feature", "tool_distance", 0, 1, 1), "had a tool been at work in it"),
    (Step("feature", "tool_distance", 2, 5, 0.75), "had its last tool call been 5 messages back instead of 2"),
    (Step("phrases", "deep_reasoning", 1, 0, 1, "prove"), "had it not said “prove” (“deep reasoning”)"),
    (Step("phrases", "deep_reasoning", 1, 2, 1, "prove"), "had it also said “prove” (“deep reasoning”)"),
    (Step("phrases", "deep_reasoning", 3, 0, 3), "had it held no phrase of “deep reasoning”"),
    (Step("phrases", "simple_task", 0, 1, 1), "had it held a phrase of “simple task”"),
    (Step("phrases", "deep_reasoning", 1, 2, 1), "had it held one more phrase of “deep reasoning”"),
    (Step("phrases", "multi_file", 0, 2, 2), "had it held 2 phrases of “multi file”"),
]


@pytest.mark.parametrize(("step", "said"), CONDITIONS, ids=range(len(CONDITIONS)))
def test_what_would_have_had_to_be_otherwise_is_said(step, said):
    assert condition(step) == said


@pytest.mark.parametrize("name", sorted(FIXED.keys() | LIMITS.keys() | {"total_chars", "estimated_tokens"}))
@pytest.mark.parametrize(("now", "to"), [(0, 1), (1, 0), (2, 1)])
def test_every_feature_can_be_said(name, now, to):
    is_possible = name not in ("has_material", "has_path", "has_trace", "local_only") or now < 2
    is_possible = is_possible and (name not in ("local_only", "min_tier") or to < now)

    assert not is_possible or condition(Step("feature", name, now, to, 1)).startswith("had ")


def test_the_tier_of_what_would_have_been_asked_is_a_guess():
    flip = Flip(Step("phrases", "simple_task", 0, 1, 1), Band.AMBIGUOUS, Tier.LOCAL, True)

    assert otherwise(flip) == (
        "It would have gone to the team's own model, had it held a phrase of “simple task”, "
        "unless the classifier had judged otherwise."
    )


def test_a_model_outside_the_ladder_is_called_by_its_name():
    assert destination("", "claude-haiku-5-5") == "claude-haiku-5-5"
