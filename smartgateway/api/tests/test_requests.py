import pytest

from smartgateway.api.requests import check_chat
from smartgateway.completions.errors import BadRequestError

USER = {"role": "user", "content": "hi"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"messages": [USER]}, id="the least"),
        pytest.param({"messages": [USER], "model": None, "stream": None, "tools": None}, id="nulls as absent"),
        pytest.param({"messages": [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]}, id="parts"),
        pytest.param({"messages": [{"role": "assistant", "content": None, "tool_calls": []}]}, id="no content"),
        pytest.param({"messages": [USER], "tools": [{"type": "function", "function": {"name": "f"}}]}, id="tools"),
        pytest.param({"messages": [USER], "something_new": 1}, id="an unknown member"),
    ],
)
def test_a_good_request_is_kept_whole(body):
    assert check_chat(body) is body


@pytest.mark.parametrize(
    ("body", "param"),
    [
        pytest.param([], None, id="a list"),
        pytest.param("hi", None, id="a string"),
        pytest.param({}, "messages", id="no messages"),
        pytest.param({"messages": []}, "messages", id="empty messages"),
        pytest.param({"messages": "hi"}, "messages", id="messages as text"),
        pytest.param({"messages": [USER] * 10_001}, "messages", id="too many messages"),
        pytest.param({"messages": ["hi"]}, "messages[0]", id="a message as text"),
        pytest.param({"messages": [USER, {"role": "robot"}]}, "messages[1].role", id="an unknown role"),
        pytest.param({"messages": [{"content": "hi"}]}, "messages[0].role", id="no role"),
        pytest.param({"messages": [{"role": ["user"]}]}, "messages[0].role", id="a role that is a list"),
        pytest.param({"messages": [{"role": "user", "content": 7}]}, "messages[0]", id="content as number"),
        pytest.param({"messages": [{"role": "user", "content": ["hi"]}]}, "messages[0]", id="parts as text"),
        pytest.param({"messages": [{"role": "assistant", "tool_calls": {}}]}, "messages[0]", id="calls as object"),
        pytest.param({"messages": [{"role": "assistant", "tool_calls": [{}]}]}, "messages[0]", id="an empty call"),
        pytest.param({"messages": [USER], "model": 5}, "model", id="model as number"),
        pytest.param({"messages": [USER], "stream": "yes"}, "stream", id="stream as text"),
        pytest.param({"messages": [USER], "stream_options": True}, "stream_options", id="options as flag"),
        pytest.param({"messages": [USER], "tools": {}}, "tools", id="tools as object"),
        pytest.param({"messages": [USER], "tools": ["f"]}, "tools", id="a tool as text"),
        pytest.param(
            {"messages": [USER], "tools": [{"type": "function", "function": {}}]}, "tools[0].function", id="no name"
        ),
    ],
)
def test_a_bad_request_names_the_member_at_fault(body, param):
    with pytest.raises(BadRequestError) as caught:
        check_chat(body)

    assert caught.value.param == param
    assert caught.value.status == 400


def turn(*ids):
    calls = [{"id": i, "type": "function", "function": {"name": "run"}} for i in ids]
    return {"role": "assistant", "content": None, "tool_calls": calls}


def result(identity):
    return {"role": "tool", "tool_call_id": identity, "content": "done"}


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([USER, turn("a", "a"), result("a")], id="call"),
        pytest.param([USER, turn("a"), result("a"), result("a")], id="result"),
    ],
)
def test_an_id_names_one_call_and_one_result_of_a_turn(messages):
    with pytest.raises(BadRequestError, match="'a' a second time"):
        check_chat({"messages": messages})


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([USER, turn("a"), result("a"), turn("a"), result("a")], id="again-in-a-later-turn"),
        pytest.param([USER, turn("", None), result(""), result(None)], id="none-at-all"),
    ],
)
def test_ids_that_a_server_gives_again_or_not_at_all_are_taken(messages):
    check_chat({"messages": messages})
