"""Margins and distances as docs/api.md says that they are reckoned."""

import pytest

from routing.engine.automatic import claude_tier
from routing.engine.breakpoints import feature_steps, phrase_steps, threshold_steps
from routing.engine.case import Case
from routing.engine.features import Features
from routing.engine.findings import above, absent, all_of, at_least, holds
from routing.engine.rules import greeting, loaded_context, tool_loop
from routing.engine.types import Band, phrase_id
from routing.policies.shipped import bounds
from routing.tests.engine.given import policy, shipped, surroundings

CHECKS = (("ask_chars", 971, 3_000), ("heavy_phrases", 0, 0))


def case(around=None, **features):
    return Case(Features(**features), policy({"tool_loop_window": 4}), surroundings(**(around or {})))


def greeted(share):
    return greeting(case(greeting_share=share, hits={"greeting": (phrase_id("hello"),)}))


def scored(weight, **switches):
    heavy = {"deep_reasoning": {"prove": weight}}
    rules = policy(switches=switches, phrases={**shipped().phrases, **heavy})
    return claude_tier(Features(hits={"deep_reasoning": (phrase_id("prove"),)}), rules)[1]


@pytest.mark.parametrize(
    ("reason", "fired", "margin"),
    [
        (above("context_limit", 45_000, 30_000, Band.CLAUDE), True, 0.5),
        (above("context_limit", 30_000, 30_000, Band.CLAUDE), False, 0),
        (at_least("deep_reasoning", 1, 2, Band.CLAUDE), False, -0.25),
        (at_least("multi_file", 2, 1, Band.CLAUDE), True, 1.5),
        (tool_loop(case(tool_distance=1)), True, 0.875),
        (all_of("simple_task", Band.LOCAL, CHECKS), True, 0.6763),
        (all_of("simple_task", Band.LOCAL, (*CHECKS, ("traces", 1, 0))), False, -1),
        (greeted(0.46), False, -0.04),
        (greeted(0.5), True, 0.0001),
        (scored(1.0), True, 0.5),
        (scored(0.5), True, 0),
        (scored(1.0, allow_auto_opus=False), False, 0.5),
        (holds("housekeeping", False, Band.LOCAL), False, -1),
        (absent("named_files", 5, Band.CLAUDE), False, -1),
        (loaded_context(case(around={"local": None})), False, -1),
    ],
)
def test_a_margin_is_reckoned_as_it_is_documented(reason, fired, margin):
    assert (reason.fired, reason.margin) == (fired, margin)


@pytest.mark.parametrize(
    ("features", "kind", "name", "to", "distance"),
    [
        (Features(ask_chars=3_200), "threshold", "simple_task_chars", 3_201, 0.067),
        (
            Features(hits={"deep_reasoning": (phrase_id("security audit"),)}),
            "threshold",
            "opus_score_threshold",
            0.501,
            0.001,
        ),
        (Features(ask_chars=3_200), "feature", "ask_chars", 2_999, 0.067),
        (Features(tools_declared=2), "feature", "tools_declared", 0, 2),
        (Features(), "phrases", "simple_task", 1, 1),
    ],
)
def test_a_distance_is_reckoned_as_it_is_documented(features, kind, name, to, distance):
    around = surroundings()
    steps = {
        "threshold": lambda: threshold_steps(features, shipped(), around, bounds()),
        "feature": lambda: feature_steps(features, shipped(), around),
        "phrases": lambda: phrase_steps(features, shipped()),
    }

    assert {step.size for step in steps[kind]() if (step.name, step.to) == (name, to)} == {distance}
