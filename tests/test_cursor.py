"""What Cursor really sends to `/v1/chat/completions`, and what nobody knows, through a gateway between doubles."""

import json

import httpx
import pytest

from tests.doubles.ollama import OllamaDouble
from tests.gateway import KEY
from tests.upstreams import between_doubles

MODELS = pytest.mark.parametrize("model", ["local", "sonnet"])
SCHEMA = {"type": "object", "properties": {"path": {"type": "string"}}}
FLAT = {"type": "function", "name": "read_file", "parameters": SCHEMA}
ANTHROPIC = {"name": "read_file", "input_schema": SCHEMA, "cache_control": {"type": "ephemeral"}}
ASK = 'Read it. [[call:read_file {"path": "a.py"}]]'


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with between_doubles(tmp_path_factory.mktemp("gateway"), OllamaDouble()) as world:
        yield world


@pytest.fixture(scope="module")
def post(world):
    headers = {"authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=world.gateway.url, headers=headers, timeout=30) as client:
        yield lambda body, path="/v1/chat/completions": client.post(path, json=body)


def chunks_of(answer):
    frames = [frame.removeprefix("data: ") for frame in answer.text.split("\n\n") if frame]
    assert frames[-1] == "[DONE]"
    return [json.loads(frame) for frame in frames[:-1]]


def last_body(front):
    seen = httpx.get(f"{front.url}/double/requests", timeout=10).json()[-1]
    assert seen["complaint"] is None
    return seen["body"]


@MODELS
def test_a_responses_body_is_answered_in_chat_form(post, model):
    body = {"model": model, "input": [{"role": "user", "content": ASK}], "tools": [FLAT], "store": False}

    answer = post(body).json()

    [call] = answer["choices"][0]["message"]["tool_calls"]
    assert json.loads(call["function"]["arguments"]) == {"path": "a.py"}
    assert answer["object"] == "chat.completion"


@MODELS
def test_a_responses_body_is_streamed_in_chat_form(post, model):
    body = {"model": model, "input": "[[say:all is well]]", "stream": True}

    chunks = chunks_of(post(body))

    text = "".join(chunk["choices"][0]["delta"].get("content") or "" for chunk in chunks)
    assert text == "all is well"
    assert all(chunk["choices"] for chunk in chunks)


@MODELS
def test_anthropics_blocks_go_through_a_tool_loop(post, world, model):
    use = {"type": "tool_use", "id": "toolu_01", "name": "read_file", "input": {"path": "a.py"}}
    result = {"type": "tool_result", "tool_use_id": "toolu_01", "content": [{"type": "text", "text": "[[say:print]]"}]}
    messages = [
        {"role": "user", "content": [{"type": "text", "text": "Read it.", "cache_control": {"type": "ephemeral"}}]},
        {"role": "assistant", "content": [{"type": "text", "text": "Reading."}, use]},
        {"role": "user", "content": [result]},
    ]

    answer = post({"model": model, "system": "Be brief.", "messages": messages, "tools": [ANTHROPIC]}).json()

    assert answer["choices"][0]["message"]["content"] == "print"
    sent = last_body(world.behind(model))
    if model == "sonnet":
        assert (sent["system"][0]["text"], sent["tools"][0]["name"]) == ("Be brief.", "read_file")
        assert sent["tools"][0]["cache_control"] == sent["messages"][0]["content"][0]["cache_control"]
        assert sent["messages"][1]["content"][1]["input"] == {"path": "a.py"}


def test_mixed_shapes_are_refused_by_name(post):
    answer = post({"model": "auto", "input": "hi", "messages": [{"role": "user", "content": "hi"}]})

    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == "messages"


@pytest.mark.parametrize(
    "body",
    [
        {"input": ASK, "tools": [FLAT]},
        {"system": "Be brief.", "messages": [{"role": "user", "content": ASK}], "tools": [ANTHROPIC]},
    ],
    ids=["responses", "messages"],
)
def test_the_same_shapes_can_be_asked_where_they_would_go(post, body):
    answer = post({"model": "sonnet", **body}, "/v1/route")

    assert answer.json()["decision"]["tier"] == "sonnet"


@MODELS
def test_what_the_model_does_not_know_is_named(post, model):
    messages = [{"role": "user", "content": "hi"}]

    answer = post({"model": model, "messages": messages, "prompt": {"id": "p"}, "made_up": 1, "store": False})

    assert answer.status_code == 200
    assert {"prompt", "made_up"} <= set(answer.headers["x-smartgateway-dropped-params"].split(","))


@MODELS
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
def test_custom_tools_of_chat_are_called_as_they_were_declared_and_go_on(world, post, model, is_stream):
    tools = [{"type": "custom", "custom": {"name": "patch", "description": "Edits files."}}]
    messages = [{"role": "user", "content": '[[call:patch {"input": "*** Begin"}]]'}]

    answer = post({"model": model, "messages": messages, "tools": tools, "stream": is_stream})
    [call] = calls_in(answer, is_stream)
    replayed = {"role": "assistant", "content": None, "tool_calls": [call]}
    result = {"role": "tool", "tool_call_id": call["id"], "content": "[[say:patched]]"}
    again = post({"model": model, "messages": [*messages, replayed, result], "tools": tools})

    assert call["type"] == "custom"
    assert call["custom"] == {"name": "patch", "input": "*** Begin"}
    assert again.json()["choices"][0]["message"]["content"] == "patched"
    assert last_body(world.behind(model))


def calls_in(answer, is_stream):
    if not is_stream:
        return answer.json()["choices"][0]["message"]["tool_calls"]
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks_of(answer)]
    found = [call for delta in deltas for call in delta.get("tool_calls") or ()]
    return [{name: value for name, value in call.items() if name != "index"} for call in found]
