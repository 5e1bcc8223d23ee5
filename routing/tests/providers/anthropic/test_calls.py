"""Calls of tools and their results, which Claude wants in pairs."""

import pytest

from routing.providers.base import ProviderRejectedError
from routing.tests.providers.anthropic.asks import WEATHER, calling, request_for, result, user

PNG = "data:image/png;base64,iVBORw0KGgo="


def test_calls_and_results_pair_up_with_results_first():
    messages = [user(), calling("a", "b"), result("a"), user("and?"), result("b")]

    body = request_for(*messages, tools=[WEATHER]).body

    assert [block["type"] for block in body["messages"][1]["content"]] == ["tool_use", "tool_use"]
    assert body["messages"][1]["content"][0]["input"] == {"city": "Oslo"}
    last = body["messages"][2]["content"]
    assert [block["type"] for block in last] == ["tool_result", "tool_result", "text"]
    assert [block["tool_use_id"] for block in last[:2]] == ["a", "b"]


@pytest.mark.parametrize("content", ["", None, " ", []])
def test_an_empty_result_has_no_content(content):
    body = request_for(user(), calling("a"), result("a", content), tools=[WEATHER]).body

    assert body["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "a"}]


def test_a_result_may_hold_an_image():
    shown = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": PNG}}]

    body = request_for(user(), calling("a"), result("a", shown), tools=[WEATHER]).body

    assert [block["type"] for block in body["messages"][2]["content"][0]["content"]] == ["text", "image"]


def test_foreign_and_repeated_ids_get_stand_ins_for_call_and_result_alike():
    messages = [
        user(),
        calling("functions.x:0"),
        result("functions.x:0"),
        calling("functions.x:0"),
        result("functions.x:0"),
    ]

    body = request_for(*messages, tools=[WEATHER]).body

    ids = [block["id"] for turn in body["messages"] for block in turn["content"] if block["type"] == "tool_use"]
    assert ids == ["functions_x_0", "functions_x_0_2"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [("", {}), (None, {}), ("{}", {}), ('{"a":1}', {"a": 1}), ({"a": 1}, {"a": 1})],
)
def test_arguments_become_an_object(arguments, expected):
    body = request_for(user(), calling("a", arguments=arguments), result("a"), tools=[WEATHER]).body

    assert body["messages"][1]["content"][0]["input"] == expected


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", "7"])
def test_broken_arguments_of_another_model_do_not_end_the_conversation(arguments):
    body = request_for(user(), calling("a", arguments=arguments), result("a"), tools=[WEATHER]).body

    assert body["messages"][1]["content"][0]["input"] == {"invalid_json_arguments": arguments}


def test_two_results_of_one_call_are_refused_by_us():
    with pytest.raises(ProviderRejectedError, match="second result"):
        request_for(user(), calling("a"), result("a", "1"), result("a", "2"))
