"""Turns as Claude wants them: system texts, joined roles."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.request import build
from routing.providers.base import Call, ProviderRejectedError
from routing.tests.providers.anthropic.asks import (
    HAIKU,
    OLD,
    OPUS,
    SONNET,
    WEATHER,
    assistant,
    calling,
    request_for,
    result,
    system,
    user,
)
from tests.doubles.anthropic.app import complaint_about_request


def texts(turn):
    return [block["text"] for block in turn["content"]]


def test_leading_system_and_developer_messages_become_system_text_in_order():
    body = request_for(system("one"), {"role": "developer", "content": [{"type": "text", "text": "two"}]}, user()).body

    assert [block["text"] for block in body["system"]] == ["one", "two"]
    assert [turn["role"] for turn in body["messages"]] == ["user"]


def test_system_messages_alone_become_the_users_turn():
    body = request_for(system("Write a poem")).body

    assert "system" not in body
    assert texts(body["messages"][0]) == ["Write a poem"]


@pytest.mark.parametrize("model", [OPUS, SONNET, HAIKU])
def test_a_late_system_message_keeps_its_place_where_the_model_takes_it(model):
    last = request_for(user(), assistant(), user(), system("now in French"), model=model).body
    before = request_for(user(), system("now in French"), assistant(), user(), model=model).body

    assert [turn["role"] for turn in last["messages"]] == ["user", "assistant", "user", "system"]
    assert [turn["role"] for turn in before["messages"]] == ["user", "system", "assistant", "user"]


@pytest.mark.parametrize(
    ("model", "messages"),
    [
        pytest.param("claude-sonnet-5", [user(), assistant(), user(), system("late")], id="model-refuses"),
        pytest.param(OPUS, [user(), system("late"), user()], id="before-a-user"),
        pytest.param(OPUS, [user(), assistant(), system("late"), user()], id="after-an-assistant"),
        pytest.param(OPUS, [user(), system("late"), assistant(""), user()], id="before-an-empty-answer"),
    ],
)
def test_any_other_late_system_message_becomes_a_marked_part_of_a_users_turn(model, messages):
    body = request_for(*messages, model=model).body

    marked = [text for turn in body["messages"] for text in texts(turn) if "late" in text]
    assert marked == ["<system_message>\nlate\n</system_message>"]
    assert "system" not in body


def test_two_late_system_messages_stand_in_one_turn():
    body = request_for(user(), system("a"), system("b"), assistant(), user()).body

    assert texts(body["messages"][1]) == ["a", "b"]


def test_a_conversation_that_begins_with_an_answer_gets_a_users_turn_before_it():
    body = request_for(assistant(), user()).body

    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]


def test_a_prefill_is_followed_by_a_users_turn_and_named():
    request = request_for(user(), assistant("The answer is ("))

    assert texts(request.body["messages"][-1]) == ["Continue."]
    assert request.dropped == ["prefill"]


def test_a_model_that_takes_a_prefill_gets_it_without_trailing_space():
    request = request_for(user(), assistant("The answer is  "), model=OLD)

    assert texts(request.body["messages"][-1]) == ["The answer is"]
    assert request.dropped == []


def test_turns_of_one_role_are_joined_and_empty_ones_left_out():
    body = request_for(
        user("a"), user("  "), assistant(""), user([{"type": "text", "text": "b"}]), assistant(), user()
    ).body

    assert texts(body["messages"][0]) == ["a", "b"]
    assert len(body["messages"]) == 3


def test_members_of_replayed_answers_that_claude_does_not_know_are_left_out():
    replayed = assistant("Hello", refusal=None, audio=None, annotations=[], function_call=None, name="bot")

    body = request_for(user(), replayed, user()).body

    assert body["messages"][1] == {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([user(), result("a")], id="result-without-call"),
        pytest.param([user(), calling("a"), user()], id="call-without-result"),
        pytest.param([user(), calling("a")], id="call-at-the-end"),
        pytest.param([], id="nothing"),
        pytest.param([user("")], id="only-empty"),
        pytest.param([{"role": "critic", "content": "x"}], id="unknown-role"),
        pytest.param(["x"], id="no-object"),
        pytest.param([user([{"type": "input_audio"}])], id="audio"),
        pytest.param([user(3)], id="number"),
        pytest.param(
            [user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}])], id="no-image"
        ),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_sent(messages):
    with pytest.raises(ProviderRejectedError) as caught:
        build(Call(OPUS, {"messages": messages, "tools": [WEATHER]}, "attempt"))

    assert caught.value.status == 400
    assert not caught.value.was_sent


def test_thoughts_that_a_client_sends_back_are_not_forged_into_the_conversation():
    thought = assistant("Hello", reasoning_content="Hm.", reasoning="Hm.", reasoning_details=[{"signature": "c2l"}])

    body = request_for(user(), thought, user()).body

    assert body["messages"][1]["content"] == [{"type": "text", "text": "Hello"}]


CONTENT = st.one_of(
    st.text(max_size=5),
    st.none(),
    st.lists(st.builds(lambda text: {"type": "text", "text": text}, st.text(max_size=4)), max_size=3),
)
MESSAGE = st.one_of(
    st.builds(user, CONTENT),
    st.builds(system, CONTENT),
    st.builds(assistant, CONTENT),
    st.builds(lambda ids: calling(*ids), st.lists(st.sampled_from(["a", "b", "c:1"]), max_size=2, unique=True)),
    st.builds(result, st.sampled_from(["a", "b", "c:1"]), CONTENT),
)


@given(st.lists(MESSAGE, max_size=8), st.sampled_from([OPUS, SONNET, HAIKU, OLD, "claude-sonnet-5"]), st.booleans())
def test_any_conversation_is_refused_by_us_or_taken_by_claude(messages, model, has_tools):
    body = {"messages": messages, "tools": [WEATHER] if has_tools else None}

    with suppress(ProviderRejectedError):
        sent = json.loads(json.dumps(build(Call(model, body, "attempt")).body))

        assert complaint_about_request(sent, {"anthropic-version": API_VERSION}) is None
