"""Items and tools in indoor form, and what is named or refused of them."""

import pytest

from smartgateway.api.responses.output import response, shell
from smartgateway.api.responses.request import incoming
from smartgateway.api.tests.responses.items import PATCH, RUN, completion, read
from smartgateway.completions.errors import BadRequestError

GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}


def test_calls_that_follow_one_another_are_one_turn_with_their_text():
    messages = read(
        {"role": "user", "content": "go"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking."}]},
        {"type": "function_call", "call_id": "1", "name": "run", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "2", "name": "patch", "input": "a\nb"},
        {"type": "function_call_output", "call_id": "1", "output": "one"},
        {"type": "custom_tool_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "two"}]},
    ).body["messages"]

    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool"]
    assert messages[1]["content"] == "Looking."
    assert [(call["id"], call["function"]["arguments"]) for call in messages[1]["tool_calls"]] == [
        ("1", "{}"),
        ("2", '{"input":"a\\nb"}'),
    ]
    assert [(message["tool_call_id"], message["content"]) for message in messages[2:]] == [("1", "one"), ("2", "two")]


def test_parts_of_instructions_stay_paragraphs_of_their_own():
    parts = [{"type": "input_text", "text": "A"}, {"type": "input_text", "text": "B"}]

    messages = read({"role": "developer", "content": parts}, {"role": "developer", "content": parts}).body["messages"]

    assert messages == [{"role": "system", "content": "A\n\nB\n\nA\n\nB"}]


def test_leading_instructions_are_one_system_message_and_a_late_one_stays_where_it_is():
    messages = read(
        {"role": "developer", "content": "B"},
        {"role": "user", "content": "go"},
        {"role": "developer", "content": "C"},
        instructions="A",
    ).body["messages"]

    assert [(message["role"], message["content"]) for message in messages] == [
        ("system", "A\n\nB"),
        ("user", "go"),
        ("system", "C"),
    ]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"max_output_tokens": 9}, {"max_tokens": 9}),
        ({"reasoning": {"effort": "low", "summary": "auto"}}, {"reasoning_effort": "low"}),
        ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
        ({"text": {"format": {"type": "text"}}}, {}),
        ({"text": {"format": {"type": "json_object"}}}, {"response_format": {"type": "json_object"}}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"temperature": 0.2, "top_p": 1, "user": "ada"}, {"temperature": 0.2, "top_p": 1, "user": "ada"}),
        ({"seed": 7, "some_new_field": [1]}, {"seed": 7, "some_new_field": [1]}),
        ({"store": False, "background": False, "truncation": "disabled", "metadata": {"a": "b"}}, {}),
        ({"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}, {}),
    ],
)
def test_members_find_their_place(given, found):
    body = incoming({"input": "hi", **given}).body

    assert body == {"messages": [{"role": "user", "content": "hi"}], **found}


@pytest.mark.parametrize(
    ("given", "dropped"),
    [
        ({"truncation": "auto"}, "truncation"),
        ({"include": ["reasoning.encrypted_content"]}, "include"),
        ({"max_tool_calls": 3}, "max_tool_calls"),
        ({"tools": [RUN, {"type": "web_search"}]}, "tools.web_search"),
        ({"input": [{"role": "user", "content": "hi"}, {"type": "reasoning", "summary": []}]}, "input.reasoning"),
    ],
)
def test_what_no_model_is_told_is_named(given, dropped):
    assert incoming({"input": "hi", **given}).dropped == (dropped,)


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ([], None),
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": 5}, "input"),
        ({"input": [5]}, "input[0]"),
        ({"input": [{}]}, "input[0].role"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [5]}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "input[0].content"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0]"),
        ({"input": [{"type": ["x"]}]}, "input[0]"),
        ({"input": [{"type": "function_call", "call_id": "1"}]}, "input[0]"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        ({"input": [{"role": "user", "content": "x"}] * 10_001}, "input"),
        ({"input": "hi", "messages": []}, "messages"),
        ({"input": "hi", "prompt": {"id": "p"}}, "prompt"),
        ({"input": "hi", "store": True}, "store"),
        ({"input": "hi", "instructions": 5}, "instructions"),
        ({"input": "hi", "tools": {}}, "tools"),
        ({"input": "hi", "tools": [{"type": "function"}]}, "tools"),
        ({"input": "hi", "tools": [{"type": "namespace", "name": "n", "tools": [5]}]}, "tools"),
        ({"input": "hi", "tools": [{"type": "web_search"}]}, "tools"),
        ({"input": "hi", "tools": [RUN], "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"input": "hi", "tools": [RUN], "tool_choice": {"type": "function", "name": "walk"}}, "tool_choice"),
        ({"input": "hi", "tools": [RUN], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"input": "hi", "tools": [RUN], "tool_choice": 5}, "tool_choice"),
        ({"input": "hi", "text": {"format": "json"}}, "text.format"),
        ({"input": "hi", "text": {"format": {"type": "json_schema"}}}, "text.format"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(data, param):
    with pytest.raises(BadRequestError) as caught:
        incoming(data)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("choice", "names", "found"),
    [
        ("required", ["run", "patch"], "required"),
        ({"type": "function", "name": "run"}, ["run", "patch"], {"type": "function", "function": {"name": "run"}}),
        ({"type": "custom", "name": "patch"}, ["run", "patch"], {"type": "function", "function": {"name": "patch"}}),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "patch"}]},
            ["patch"],
            "required",
        ),
    ],
)
def test_a_choice_among_tools_is_kept(choice, names, found):
    body = incoming({"input": "hi", "tools": [RUN, PATCH], "tool_choice": choice}).body

    assert [tool["function"]["name"] for tool in body["tools"]] == names
    assert body["tool_choice"] == found


def test_a_grammar_is_told_to_the_model():
    [tool] = incoming({"input": "hi", "tools": [{**PATCH, "format": GRAMMAR}]}).body["tools"]

    assert tool["function"]["description"] == "Edits.\n\nThe input follows this grammar (lark):\nstart: WORD"


def test_tools_of_a_namespace_are_called_by_it():
    namespace = {"type": "namespace", "name": "crm", "description": "", "tools": [RUN]}
    data = {"input": "hi", "tools": [namespace]}
    given_ = incoming(data)

    [call] = response(completion(calls=[("crm__run", "{}")]), shell(data, given_.toolbox), given_.toolbox)["output"]

    assert given_.body["tools"][0]["function"]["name"] == "crm__run"
    assert (call["name"], call["namespace"]) == ("run", "crm")
