"""Tool calls and tools that some upstream would not take: the same answer on every face."""

import pytest

from tests.bad_input.bodies import BODIES, CONVERSATIONS, HI
from tests.bad_input.refusals import check_prompt_refusal, check_refusal


def chat_turn(calls, results):
    made = [{"id": i, "type": "function", "function": {"name": "run", "arguments": "{}"}} for i in calls]
    said = [{"role": "tool", "tool_call_id": i, "content": "x"} for i in results]
    return [*HI, {"role": "assistant", "content": None, "tool_calls": made}, *said]


def messages_turn(calls, results):
    made = [{"type": "tool_use", "id": i, "name": "run", "input": {}} for i in calls]
    said = [{"type": "tool_result", "tool_use_id": i, "content": "x"} for i in results]
    return [*HI, {"role": "assistant", "content": made}, {"role": "user", "content": said}]


def responses_turn(calls, results):
    made = [{"type": "function_call", "call_id": i, "name": "run", "arguments": "{}"} for i in calls]
    return [*HI, *made, *({"type": "function_call_output", "call_id": i, "output": "x"} for i in results)]


TURNS = {
    "/v1/chat/completions": chat_turn,
    "/v1/messages": messages_turn,
    "/v1/messages/count_tokens": messages_turn,
    "/v1/responses": responses_turn,
    "/v1/route": chat_turn,
}
NAMES_OF_TOOLS = {"/v1/chat/completions": "function", "/v1/messages": "input_schema", "/v1/responses": "flat"}


@pytest.mark.parametrize("model", ["local", "sonnet", "auto"])
@pytest.mark.parametrize("path", CONVERSATIONS)
@pytest.mark.parametrize(("calls", "results"), [("aa", "a"), ("aa", "aa"), ("a", "aa")], ids=["call", "both", "result"])
def test_a_tool_call_id_that_comes_twice_in_a_turn_is_refused(client, path, model, calls, results):
    turn = TURNS[path](calls, results)

    response = check_prompt_refusal(client, path, 400, json={**BODIES[path], "model": model, CONVERSATIONS[path]: turn})

    assert "second time" in response.text


@pytest.mark.parametrize("path", NAMES_OF_TOOLS)
@pytest.mark.parametrize("model", ["local", "sonnet"])
@pytest.mark.parametrize("depth", [100, 300, 500, 700, 900])
def test_a_schema_of_any_depth_is_taken_or_refused(client, path, model, depth):
    schema = nested(depth)
    tools = {
        "function": {"type": "function", "function": {"name": "run", "parameters": schema}},
        "input_schema": {"name": "run", "input_schema": schema},
        "flat": {"type": "function", "name": "run", "parameters": schema},
    }

    response = client.post(path, json={**BODIES[path], "model": model, "tools": [tools[NAMES_OF_TOOLS[path]]]})

    assert response.status_code == 200 or check_refusal(path, response) is None


def nested(depth):
    schema = {"type": "object", "properties": {}}
    for _ in range(depth // 2):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema
