import pytest

from smartgateway.api.shapes import chat_form
from smartgateway.completions.errors import BadRequestError

MARKER = {"cache_control": {"type": "ephemeral"}}
USER = {"role": "user", "content": "hi"}
SCHEMA = {"type": "object", "properties": {}}
USE = {"type": "tool_use", "id": "toolu_1", "name": "run", "input": {"cmd": "ls"}}
RESULT = {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a.py"}
CALL = {"id": "toolu_1", "type": "function", "function": {"name": "run", "arguments": '{"cmd":"ls"}'}}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "QUJD"}}


@pytest.mark.parametrize(
    "data",
    [
        {"messages": [USER], "tools": [{"type": "function", "function": {"name": "run"}}]},
        {"messages": [{"role": "user", "content": [{"type": "text", "text": "hi", **MARKER}]}], "input": None},
        {"messages": [USER], "prompt_cache_key": "k", "anything": {"else": 1}},
    ],
)
def test_a_body_in_chat_form_is_taken_as_it_came(data):
    shaped = chat_form(data)

    assert shaped.body is data
    assert not shaped.is_foreign


def test_a_responses_body_is_understood():
    items = [
        {"role": "user", "content": [{"type": "input_text", "text": "hi"}]},
        {"type": "function_call", "call_id": "1", "name": "run", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "1", "output": "a.py"},
    ]
    tools = [{"type": "function", "name": "run", "parameters": SCHEMA}, {"type": "web_search"}]

    shaped = chat_form({"model": "auto", "input": items, "messages": [], "tools": tools, "stream": True})

    assert [message["role"] for message in shaped.body["messages"]] == ["user", "assistant", "tool"]
    assert shaped.body["tools"] == [{"type": "function", "function": {"name": "run", "parameters": SCHEMA}}]
    assert (shaped.is_foreign, shaped.dropped) == (True, ["tools.web_search"])


def test_anthropics_members_are_understood_and_keep_their_cache_markers():
    system = [{"type": "text", "text": "Be brief.", **MARKER}]
    data = {
        "system": system,
        "stop_sequences": ["END"],
        "tools": [{"name": "run", "description": "Runs", "input_schema": SCHEMA, **MARKER}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "messages": [
            USER,
            {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "s"}, USE]},
            {"role": "user", "content": [{**RESULT, **MARKER}, {"type": "text", "text": "and?", **MARKER}, IMAGE]},
        ],
    }

    shaped = chat_form(data)

    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,QUJD"}}
    assert shaped.body["messages"] == [
        {"role": "system", "content": system},
        USER,
        {"role": "assistant", "content": None, "tool_calls": [CALL]},
        {"role": "tool", "tool_call_id": "toolu_1", "content": [{"type": "text", "text": "a.py", **MARKER}]},
        {"role": "user", "content": [{"type": "text", "text": "and?", **MARKER}, image]},
    ]
    function = {"name": "run", "description": "Runs", "parameters": SCHEMA, **MARKER}
    assert shaped.body["tools"] == [{"type": "function", "function": function}]
    assert (shaped.body["tool_choice"], shaped.body["parallel_tool_calls"]) == ("required", False)
    assert shaped.body["stop"] == ["END"]
    assert not {"system", "stop_sequences"} & shaped.body.keys()
    assert shaped.dropped == ["messages.thinking"]


def test_flat_tools_and_their_choice_beside_messages_are_understood():
    tools = [{"type": "function", "name": "run", "parameters": SCHEMA}]

    body = chat_form({"messages": [USER], "tools": tools, "tool_choice": {"type": "function", "name": "run"}}).body

    assert body["tools"][0]["function"]["name"] == "run"
    assert body["tool_choice"] == {"type": "function", "function": {"name": "run"}}


def turn(role, *blocks):
    return {"messages": [USER, {"role": role, "content": list(blocks)}]}


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ({"input": "hi", "messages": [USER]}, "messages"),
        ({"input": "hi", "system": "Be brief."}, "system"),
        ({"system": "Be brief."}, "messages"),
        ({"system": 5, "messages": [USER]}, "messages[0]"),
        ({"system": [5], "messages": [USER]}, "messages[0]"),
        ({"input": "hi", "store": True}, "store"),
        ({"input": 5}, "input"),
        ({"input": "hi", "stream_options": 5}, "stream_options"),
        ({"messages": [USER], "tools": [{"name": 5}]}, "tools"),
        (turn("assistant", RESULT), "messages[1].content"),
        (turn("user", USE), "messages[1].content"),
        (turn("assistant", {**USE, "input": "ls"}), "messages[1].content"),
        (turn("assistant", {**USE, "name": None}), "messages[1].content"),
        (turn("user", RESULT, 5), "messages[1].content"),
        (turn("user", {**RESULT, "content": 5}), "messages"),
        (turn("bystander", RESULT), "messages[1].content"),
        ([], None),
        (5, None),
    ],
)
def test_what_is_neither_is_refused_by_name(data, param):
    with pytest.raises(BadRequestError) as caught:
        chat_form(data)

    assert (caught.value.status, caught.value.param) == (400, param)


PATCH = {"type": "custom", "custom": {"name": "patch", "description": "Edits."}}
LIST = {"type": "function", "function": {"name": "list"}}


def test_custom_tools_of_chat_become_functions_of_one_text():
    grammar = {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: /.+/"}}
    tool = {"type": "custom", "custom": {**PATCH["custom"], "format": grammar}}
    call = {"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    replayed = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": "call_1", "content": "Done"}

    shaped = chat_form({"messages": [USER, replayed, result], "tools": [LIST, tool]})

    assert [tool["function"]["name"] for tool in shaped.body["tools"]] == ["list", "patch"]
    assert "start: /.+/" in shaped.body["tools"][1]["function"]["description"]
    function = {"name": "patch", "arguments": '{"input":"*** Begin"}'}
    assert shaped.body["messages"][1]["tool_calls"] == [{"id": "call_1", "type": "function", "function": function}]
    assert shaped.custom_names == {"patch"}


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({"type": "custom", "custom": {"name": "patch"}}, {"type": "function", "function": {"name": "patch"}}),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [LIST]}}, "auto"),
        ({"type": "allowed_tools", "allowed_tools": {"mode": "required", "tools": [LIST]}}, "required"),
    ],
    ids=["custom", "auto", "required"],
)
def test_a_choice_among_chats_own_tools_is_kept(choice, expected):
    body = chat_form({"messages": [USER], "tools": [LIST, PATCH], "tool_choice": choice}).body

    assert body["tool_choice"] == expected
    names = [tool["function"]["name"] for tool in body["tools"]]
    assert names == (["list"] if "allowed_tools" in choice else ["list", "patch"])


@pytest.mark.parametrize(
    "choice",
    [
        {"type": "allowed_tools", "allowed_tools": {"tools": [{"type": "function", "function": {"name": "other"}}]}},
        {"type": "allowed_tools", "allowed_tools": {"tools": "list"}},
        {"type": "allowed_tools", "allowed_tools": None},
        {"type": "custom", "custom": {}},
        {"type": "custom", "custom": {"name": 5}},
    ],
)
def test_a_choice_of_nothing_that_is_declared_is_refused(choice):
    with pytest.raises(BadRequestError) as caught:
        chat_form({"messages": [USER], "tools": [LIST], "tool_choice": choice})

    assert caught.value.param in ("tool_choice", "tools")


@pytest.mark.parametrize("custom", [{"name": 5, "input": "x"}, {"name": "patch"}, {"name": "patch", "input": {}}])
def test_a_custom_call_that_is_none_is_refused(custom):
    messages = [USER, {"role": "assistant", "tool_calls": [{"id": "1", "type": "custom", "custom": custom}]}]

    with pytest.raises(BadRequestError) as caught:
        chat_form({"messages": messages})

    assert caught.value.param == "messages[1].tool_calls"
