"""Tools and the choice among them in Claude's form."""

import pytest

from routing.providers.anthropic.request import build
from routing.providers.base import Call, ProviderRejectedError
from routing.tests.providers.anthropic.asks import HAIKU, OPUS, SONNET, WEATHER, calling, request_for, result, user


@pytest.mark.parametrize("name", ["weather", ""])
def test_a_tool_that_is_declared_twice_is_refused_by_name(name):
    tool = {"type": "function", "function": {"name": name}}

    with pytest.raises(ProviderRejectedError, match=f"{name!r} is declared twice"):
        request_for(tools=[tool, tool])


def test_two_foreign_names_that_would_become_one_stay_two():
    names = ["a.b", "a:b", "a_b", "x" * 200, "x" * 201]

    request = request_for(tools=[{"type": "function", "function": {"name": name}} for name in names])

    sent = [tool["name"] for tool in request.body["tools"]]
    assert len(set(sent)) == len(names)
    assert [request.names.original(name) for name in sent] == names


def test_only_twenty_tools_are_strict():
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    functions = [{"name": f"t{n}", "strict": True, "parameters": closed} for n in range(22)]

    request = request_for(tools=[{"type": "function", "function": function} for function in functions])

    assert sum(tool.get("strict", False) for tool in request.body["tools"]) == 20
    assert request.dropped == ["tools.strict"]


def test_tools_are_declared_in_claudes_form():
    bare = {"type": "function", "function": {"name": "ping"}}

    body = request_for(tools=[WEATHER, bare]).body

    assert body["tools"] == [
        {"name": "weather", "description": "Of a city", "input_schema": WEATHER["function"]["parameters"]},
        {"name": "ping", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert "tool_choice" not in body


def test_a_union_at_the_top_of_a_tools_schema_becomes_all_its_properties():
    union = {"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}]}

    body = request_for(tools=[{"type": "function", "function": {"name": "x", "parameters": union}}]).body

    assert body["tools"][0]["input_schema"] == {"type": "object", "properties": {"a": {}, "b": {}}}


def test_a_foreign_tool_name_has_a_stand_in_that_is_turned_back():
    tool = {"type": "function", "function": {"name": "mcp.files:read"}}
    messages = [user(), calling("a", name="mcp.files:read"), result("a")]

    request = request_for(*messages, tools=[tool])

    assert request.body["tools"][0]["name"] == request.body["messages"][1]["content"][0]["name"] == "mcp_files_read"
    assert request.names.original("mcp_files_read") == "mcp.files:read"


def test_a_history_with_calls_declares_their_tools_even_when_none_are_offered_now():
    body = request_for(user(), calling("a"), result("a")).body

    assert [tool["name"] for tool in body["tools"]] == ["weather"]
    assert body["tool_choice"] == {"type": "none"}


def test_strict_tools_stay_strict_where_their_schema_allows_it():
    closed = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
    open_ended = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    functions = [
        {"name": "a", "strict": True, "parameters": closed},
        {"name": "b", "strict": True, "parameters": open_ended},
    ]

    request = request_for(tools=[{"type": "function", "function": function} for function in functions])

    assert [tool.get("strict") for tool in request.body["tools"]] == [True, None]
    assert request.dropped == ["tools.strict"]


NAMED = {"type": "function", "function": {"name": "weather"}}


@pytest.mark.parametrize(
    ("model", "wanted", "expected"),
    [
        (HAIKU, "auto", None),
        (HAIKU, "none", {"type": "none"}),
        (HAIKU, "required", {"type": "any"}),
        (HAIKU, NAMED, {"type": "tool", "name": "weather"}),
        (OPUS, "none", {"type": "none"}),
    ],
    ids=str,
)
def test_a_choice_that_the_model_takes_is_passed_on(model, wanted, expected):
    request = request_for(model=model, tools=[WEATHER], tool_choice=wanted)

    assert request.body.get("tool_choice") == expected
    assert request.dropped == []


@pytest.mark.parametrize("model", [OPUS, SONNET, "claude-unheard-of-7"])
@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [("required", "calling one of the tools"), (NAMED, "calling the tool `weather`")],
    ids=["any", "named"],
)
def test_a_forced_choice_that_the_model_refuses_is_asked_for_in_a_sentence(model, wanted, sentence):
    request = build(Call(model, {"messages": [user()], "tools": [WEATHER], "tool_choice": wanted}, "attempt"))

    assert "tool_choice" not in request.body
    assert sentence in request.body["system"][-1]["text"]
    assert request.dropped == ["tool_choice"]


def test_calls_one_at_a_time_are_part_of_the_choice():
    body = request_for(tools=[WEATHER], parallel_tool_calls=False).body

    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_a_choice_without_tools_is_left_out():
    assert "tool_choice" not in request_for(tool_choice="required").body
