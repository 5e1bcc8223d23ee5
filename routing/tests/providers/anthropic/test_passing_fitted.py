"""Thinking, effort and limits that were set for another model, fitted to the chosen one."""

import json

import pytest

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.passing import passed
from routing.tests.providers.anthropic.asks import HAIKU, OLD, OPUS, SONNET
from routing.tests.providers.anthropic.bodies import USER, call, sent

BUDGET = {"type": "enabled", "budget_tokens": 1_024}


@pytest.mark.parametrize(
    ("model", "thinking", "expected", "level"),
    [
        (OPUS, BUDGET, {"type": "adaptive"}, None),
        (SONNET, BUDGET, {"type": "adaptive"}, None),
        (OPUS, {"type": "disabled"}, None, "low"),
        (SONNET, {"type": "disabled"}, {"type": "between_tools"}, None),
        (HAIKU, {"type": "between_tools"}, {"type": "disabled"}, None),
        (OLD, {"type": "adaptive"}, None, None),
    ],
    ids=str,
)
def test_thinking_that_was_set_for_another_model_is_fitted_and_named(model, thinking, expected, level):
    content, dropped = sent(model, model="auto", thinking=thinking)

    assert content.get("thinking") == expected
    assert content.get("output_config", {}).get("effort") == level
    assert dropped == ["thinking"]


@pytest.mark.parametrize("thinking", [{"type": "adaptive", "display": "summarized"}])
def test_thinking_that_suits_the_chosen_model_stays_as_it_came(thinking):
    content, dropped = sent(OPUS, model="auto", thinking=thinking)

    assert content["thinking"] == thinking
    assert dropped == []


@pytest.mark.parametrize(
    ("model", "thinking", "level", "expected"),
    [
        (OLD, None, "high", None),
        (SONNET, {"type": "disabled"}, "max", "high"),
        (HAIKU, {"type": "disabled"}, "xhigh", "high"),
    ],
)
def test_an_effort_that_the_chosen_model_refuses_is_fitted_and_named(model, thinking, level, expected):
    shape = {"type": "json_schema", "schema": {"type": "object", "additionalProperties": False}}
    body = {"thinking": thinking} if thinking else {}

    content, dropped = sent(model, model="auto", output_config={"format": shape, "effort": level}, **body)

    assert content["output_config"] == {"format": shape} | ({"effort": expected} if expected else {})
    assert "output_config.effort" in dropped


def test_what_a_client_sets_for_the_model_that_it_names_is_its_own():
    body = {"model": OPUS, "thinking": {"type": "disabled"}, "max_tokens": 50, "output_config": {"effort": "max"}}

    found = passed(call(OPUS, body), API_VERSION)

    assert json.loads(found.joined()) == {**body, "messages": [USER]}
    assert found.dropped == []


@pytest.mark.parametrize(
    ("limit", "body", "expected", "level", "named"),
    [
        (100, {}, 2_148, "low", ["output_config.effort", "max_tokens"]),
        (2_048, {"output_config": {"effort": "medium"}}, 4_096, "low", ["output_config.effort", "max_tokens"]),
        (100, {"output_config": {"effort": "low"}}, 2_148, "low", ["max_tokens"]),
        (100, {"thinking": {"type": "adaptive"}}, 100, None, []),
        (2_049, {}, 2_049, None, []),
    ],
)
def test_a_small_limit_gets_low_effort_and_room_for_thinking_that_nobody_asked_for(limit, body, expected, level, named):
    content, dropped = sent(OPUS, model="auto", max_tokens=limit, **body)

    assert content["max_tokens"] == expected
    assert content.get("output_config", {}).get("effort") == level
    assert dropped == named


def test_warming_the_cache_stays_an_answer_of_no_tokens():
    found = passed(call(OPUS, {"model": "auto", "max_tokens": 0}), API_VERSION)

    assert found.raw["max_tokens"] == b"0"


def test_a_limit_beyond_the_chosen_models_is_lowered_and_named():
    content, dropped = sent(OLD, model="auto", max_tokens=128_000)

    assert content["max_tokens"] == 64_000
    assert dropped == ["max_tokens"]
