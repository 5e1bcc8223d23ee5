"""Bodies that pass as they came, but for the model's name and what that model refuses."""

import json

import msgspec
import pytest

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.passing import counted, passed
from routing.tests.providers.anthropic.asks import HAIKU, OLD, OPUS, SONNET
from routing.tests.providers.anthropic.bodies import ASSISTANT, TOOL, USER, call, sent
from tests.doubles.anthropic.app import complaint_about_request

OLDER = "2023-06-01"
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
