"""Bodies of the Messages API on their way to Claude; each that we changed is judged by the double as well."""

import json

import msgspec
import pytest

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.passing import counted, passed
from routing.providers.base import Call
from tests.doubles.anthropic.app import complaint_about_request

OPUS, SONNET, HAIKU, OLD = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-haiku-4-5"
USER = {"role": "user", "content": "Hi"}
ASSISTANT = {"role": "assistant", "content": "Hello"}
TOOL = {"name": "weather", "input_schema": {"type": "object"}}
OLDER = "2023-06-01"


def call(model, body, **more):
    raw = body if isinstance(body, bytes) else json.dumps({"max_tokens": 9_000, "messages": [USER], **body}).encode()
    indoor = {"messages": msgspec.json.decode(raw)["messages"]}
    members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    members.pop("provider", None)
    return Call(model, indoor, "attempt", dialect="anthropic", raw=members, **more)


def sent(model, version=API_VERSION, /, **body):
    """What Claude gets instead of this body, and what is named as changed."""
    found = passed(call(model, body), version)
    content = json.loads(found.joined())
    complaint = complaint_about_request(content, {"anthropic-version": version})
    assert complaint is None, complaint
    return content, found.dropped


AS_IT_CAME = b"""{"model": "claude-opus-5-5" , "provider":"anthropic",
 "max_tokens":1e3, "invented": {"big": 123456789012345678901234567890, "small": 1.10},
 "messages": [{"role":"user","content":"\\u00fc"}, {"content": [{"type":"thinking","thinking":"","signature":"c2l\\/n"},
 {"type":"new_block","x":[1.0, 2.50]}, {"type":"text", "text":"a",  "cache_control":{"type":"ephemeral","ttl":"1h"}}],
 "role":"assistant"}, {"role":"user","content":"b"}], "thinking":{"type":"enabled","budget_tokens":2000}}"""


def test_a_body_for_the_model_that_the_client_named_passes_byte_for_byte():
    joined = passed(call(OPUS, AS_IT_CAME), API_VERSION).joined()

    given = msgspec.json.decode(AS_IT_CAME, type=dict[str, msgspec.Raw])
    kept = msgspec.json.decode(joined, type=dict[str, msgspec.Raw])
    assert list(kept) == [name for name in given if name != "provider"]
    assert all(bytes(kept[name]) == bytes(given[name]) for name in kept)


def test_for_another_model_only_its_name_and_what_does_not_suit_it_change():
    found = passed(call(SONNET, AS_IT_CAME), API_VERSION)

    given = msgspec.json.decode(AS_IT_CAME, type=dict[str, msgspec.Raw])
    changed = {name for name, value in found.raw.items() if value != bytes(given[name])}
    assert changed == {"model", "thinking"}
    assert found.dropped == ["thinking"]


@pytest.mark.parametrize("model", [OPUS, OLD])
def test_sampling_is_left_out_and_named_where_it_is_refused_for_certain(model):
    content, dropped = sent(model, model=model, temperature=0.2, top_p=0.9, top_k=5)

    assert not {"temperature", "top_p", "top_k"} & content.keys()
    assert dropped == ["temperature", "top_p", "top_k"]


def test_sampling_in_the_older_version_reaches_an_old_model():
    content, dropped = sent(OLD, OLDER, model=OLD, temperature=0.2)

    assert content["temperature"] == 0.2
    assert dropped == []


@pytest.mark.parametrize("named", [OPUS, "auto"])
@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"type": "any", "disable_parallel_tool_use": True}, "one of the tools"),
        ({"type": "tool", "name": "weather"}, "tool `weather`"),
    ],
)
@pytest.mark.parametrize("system", ["Be brief", [{"type": "text", "text": "Be brief"}], None])
def test_a_forced_tool_that_the_model_refuses_is_asked_for_in_a_sentence(named, choice, sentence, system):
    body = {"system": system} if system else {}

    content, dropped = sent(OPUS, model=named, tools=[TOOL], tool_choice=choice, **body)

    assert content["tool_choice"] == {**choice, "type": "auto"} if "name" not in choice else {"type": "auto"}
    assert [block["text"] for block in content["system"][:-1]] == (["Be brief"] if system else [])
    assert sentence in content["system"][-1]["text"]
    assert dropped == ["tool_choice"]


def test_the_sentence_stands_behind_thoughts_that_are_sent_again():
    thought = {"type": "thinking", "thinking": "", "signature": "c2lnbmF0dXJl"}
    messages = [USER, {"role": "assistant", "content": [thought, {"type": "text", "text": "Hello"}]}, USER]

    content, dropped = sent(
        OPUS, model=OPUS, system="Be brief", messages=messages, tools=[TOOL], tool_choice={"type": "any"}
    )

    assert content["system"] == "Be brief"
    assert content["messages"][:-1] == messages
    assert content["messages"][-1]["role"] == "system"
    assert dropped == ["tool_choice"]


def test_a_forced_tool_stays_forced_where_the_model_allows_it():
    content, dropped = sent(HAIKU, model="auto", tools=[TOOL], tool_choice={"type": "any"})

    assert content["tool_choice"] == {"type": "any"}
    assert dropped == []


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


def test_a_late_system_message_becomes_a_marked_part_of_a_users_turn_only_where_it_is_refused():
    messages = [USER, {"role": "system", "content": "in French"}, ASSISTANT, USER]

    refused, dropped = sent("claude-sonnet-5", model="claude-sonnet-5", messages=messages)
    taken, _ = sent(OPUS, model="auto", messages=messages)

    text = "<system_message>\nin French\n</system_message>"
    assert refused["messages"][1] == {"role": "user", "content": [{"type": "text", "text": text}]}
    assert dropped == ["messages.system"]
    assert taken["messages"] == messages


def test_a_prefill_is_followed_by_a_users_turn_where_the_chosen_model_refuses_it():
    content, dropped = sent(OPUS, model="auto", messages=[USER, ASSISTANT])

    assert content["messages"][-1] == {"role": "user", "content": "Continue."}
    assert dropped == ["prefill"]


LONG = "word " * 2_000


@pytest.mark.parametrize(
    ("body", "is_marked"),
    [
        pytest.param({"messages": [{"role": "user", "content": LONG}]}, False, id="one-ask"),
        pytest.param({"messages": [USER, ASSISTANT, USER]}, False, id="short-conversation"),
        pytest.param({"messages": [{"role": "user", "content": LONG}, ASSISTANT, USER]}, True, id="long-conversation"),
        pytest.param({"system": LONG, "tools": [TOOL]}, True, id="agent"),
        pytest.param({"system": LONG, "tools": [TOOL], "cache_control": None}, False, id="switched-off-by-the-client"),
        pytest.param(
            {"system": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral"}}], "tools": [TOOL]},
            False,
            id="marked-by-the-client",
        ),
        pytest.param({"system": LONG + '"cache_control"', "tools": [TOOL]}, True, id="spoken-of"),
    ],
)
@pytest.mark.parametrize("named", [OPUS, "auto"])
def test_a_conversation_that_profits_from_the_cache_is_marked_and_that_is_known(body, is_marked, named):
    found = passed(call(OPUS, {"model": named, **body}), API_VERSION)

    assert (found.raw.get("cache_control") == b'{"type":"ephemeral"}') is is_marked
    assert found.is_cache_marked is is_marked


def test_a_policy_can_switch_the_marker_off():
    found = passed(call(OPUS, {"system": LONG, "tools": [TOOL]}, caches=False), API_VERSION)

    assert "cache_control" not in found.raw
    assert not found.is_cache_marked


def test_a_model_that_we_do_not_know_is_left_to_say_itself_what_it_refuses():
    body = {"model": "claude-next-9", "tools": [TOOL], "tool_choice": {"type": "any"}}

    found = passed(call("claude-next-9", body), API_VERSION)

    assert json.loads(found.raw["tool_choice"]) == {"type": "any"}


def test_a_count_is_refused_no_more_than_the_answer_would_be():
    body = {"model": OPUS, "tools": [TOOL], "tool_choice": {"type": "any"}, "temperature": 0.2}

    content = json.loads(counted(call(OPUS, body), API_VERSION).joined())

    assert content["tool_choice"] == {"type": "auto"}
    assert complaint_about_request(content, {"anthropic-version": API_VERSION}, counts_only=True) is None


def test_a_count_is_asked_for_without_what_only_an_answer_needs():
    body = {"model": "auto", "stream": True, "system": "Be brief", "stop_sequences": ["x"]}

    content = json.loads(counted(call(OPUS, body), API_VERSION).joined())

    assert content.keys() == {"model", "messages", "system"} | ({"output_config"} & content.keys())
    assert complaint_about_request(content, {"anthropic-version": API_VERSION}, counts_only=True) is None
