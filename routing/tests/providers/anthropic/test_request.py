"""Limits, effort and parameters: what the model takes, what is fitted, what is dropped and named."""

import pytest

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.request import build
from routing.providers.base import Call, ProviderRejectedError
from routing.tests.providers.anthropic.asks import HAIKU, OLD, OPUS, SONNET, request_for, user


@pytest.mark.parametrize(
    ("given", "expected", "dropped"),
    [
        ({}, 16_384, []),
        ({"max_tokens": 5_000}, 5_000, []),
        ({"max_tokens": 5_000, "max_completion_tokens": 6_000}, 6_000, []),
        ({"max_tokens": 500_000}, 128_000, ["max_tokens"]),
    ],
    ids=["default", "given", "newer-name-wins", "clamped"],
)
def test_the_limit_is_always_there(given, expected, dropped):
    request = request_for(**given)

    assert request.body["max_tokens"] == expected
    assert request.dropped == dropped


@pytest.mark.parametrize(
    ("effort", "lowered"),
    [(None, ["reasoning_effort"]), ("high", ["reasoning_effort"]), ("low", []), ("none", [])],
)
def test_a_small_limit_gets_low_effort_first_and_then_room_for_that_little_thinking(effort, lowered):
    request = request_for(max_tokens=100, reasoning_effort=effort)

    assert request.body["max_tokens"] == 100 + 2_048
    assert request.body["output_config"] == {"effort": "low"}
    assert request.dropped == [*lowered, "max_tokens"]


@pytest.mark.parametrize(("model", "effort"), [(OLD, None), (HAIKU, "none"), ("claude-opus-4-8", None)])
def test_a_small_limit_stays_where_nothing_is_thought(model, effort):
    request = build(Call(model, {"messages": [user()], "max_tokens": 100, "reasoning_effort": effort}, "attempt"))

    assert request.body["max_tokens"] == 100
    assert request.dropped == []


@pytest.mark.parametrize("limit", [0, -1, "many", 1.5, True])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(ProviderRejectedError, match="max_tokens"):
        request_for(max_tokens=limit)


@pytest.mark.parametrize(
    ("model", "asked", "thinking", "effort"),
    [
        (OPUS, "high", None, "high"),
        (OPUS, "max", None, "max"),
        (OPUS, "minimal", None, "low"),
        (SONNET, "none", {"type": "between_tools"}, None),
        (HAIKU, "none", {"type": "disabled"}, None),
        ("claude-sonnet-5", "xhigh", None, "xhigh"),
        (OLD, "none", None, None),
    ],
)
def test_reasoning_effort_becomes_effort_or_less_thinking(model, asked, thinking, effort):
    body = request_for(model=model, reasoning_effort=asked).body

    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort


def test_effort_on_a_model_without_it_is_named_as_dropped():
    assert request_for(model=OLD, reasoning_effort="high").dropped == ["reasoning_effort"]


def test_effort_makes_a_model_think_that_does_not_by_itself():
    request = build(Call("claude-opus-4-8", {"messages": [user()], "reasoning_effort": "high"}, "attempt"))

    assert request.body["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize(
    ("stop", "kept", "dropped"),
    [("END", ["END"], []), (["a", "\n"], ["a"], ["stop"]), (["\n"], None, ["stop"]), ([], None, [])],
)
def test_stop_sequences_of_white_space_are_dropped(stop, kept, dropped):
    request = request_for(stop=stop)

    assert request.body.get("stop_sequences") == kept
    assert request.dropped == dropped


def test_parameters_that_no_claude_takes_are_dropped_and_named():
    members = {
        "top_k": 5,
        "prompt_cache_retention": "24h",
        "prompt_cache_options": {},
        "audio": {},
        "moderation": {},
        "functions": [],
        "temperature": 0,
        "top_p": 1,
        "seed": 1,
        "logprobs": True,
        "logit_bias": {},
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "store": False,
        "metadata": {},
        "verbosity": "low",
        "prompt_cache_key": "x",
        "prediction": {},
        "modalities": ["text"],
        "web_search_options": {},
        "anything_new": 1,
    }

    request = request_for(**members, logit=None)

    assert request.dropped == list(members)
    assert request.body.keys() == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    ("given", "kept", "dropped"),
    [
        ({"temperature": 0.3}, {"temperature": 0.3}, []),
        ({"temperature": 1.7}, {"temperature": 1}, ["temperature"]),
        ({"temperature": 0, "top_p": 0.9}, {"temperature": 0}, ["top_p"]),
        ({"top_p": 0.9, "top_k": 5}, {"top_p": 0.9}, ["top_k"]),
    ],
    ids=str,
)
def test_an_old_model_gets_its_sampling_in_the_version_that_has_it(given, kept, dropped):
    request = request_for(model=OLD, **given)

    assert {name: request.body.get(name) for name in ("temperature", "top_p") if name in request.body} == kept
    assert (request.version, request.dropped) == ("2023-06-01", dropped)


@pytest.mark.parametrize("temperature", [-1, "warm", True])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ProviderRejectedError, match="temperature"):
        request_for(model=OLD, temperature=temperature)


def test_the_newest_version_is_spoken_where_nothing_needs_the_older_one():
    assert {request_for(model=model, temperature=None).version for model in (OPUS, OLD)} == {API_VERSION}


def test_several_choices_are_refused():
    with pytest.raises(ProviderRejectedError, match="n is 2"):
        request_for(n=2)


def test_one_choice_and_the_clients_stream_options_are_nothing_to_name():
    assert request_for(n=1, stream=True, stream_options={"include_usage": True}, user="u").dropped == []


def test_the_end_user_is_opaque():
    body = request_for(user="jane@example.com")

    assert len(body.body["metadata"]["user_id"]) == 64


@pytest.mark.parametrize(("given", "kept"), [("auto", "auto"), ("standard_only", "standard_only"), ("flex", None)])
def test_a_service_tier_is_passed_where_claude_has_it(given, kept):
    request = request_for(service_tier=given)

    assert request.body.get("service_tier") == kept
    assert request.dropped == ([] if kept else ["service_tier"])
