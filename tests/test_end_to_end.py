"""A gateway of its own between the official clients and doubles of its upstreams."""

import json
import sqlite3

import anthropic
import httpx
import openai
import pytest

from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, wait_until

AUDIT = (
    "Design the target architecture for splitting our payment monolith, and do a security audit with a threat model "
    "of every step. We cannot use distributed transactions and there must be no downtime."
)
RENAME = "Rename this variable to something clearer: x = load_users()"
TOOL = {
    "type": "function",
    "function": {
        "name": "read_file",
        "description": "Read a file",
        "parameters": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
    },
}


@pytest.fixture(scope="module")
def doubles():
    claude, ollama = AnthropicDouble(), OllamaDouble()
    with serving(claude) as claude_url, serving(ollama) as ollama_url:
        yield {"claude": claude, "ollama": ollama, "claude_url": claude_url, "ollama_url": ollama_url}


@pytest.fixture(scope="module")
def served(doubles, tmp_path_factory):
    variables = {
        "ANTHROPIC_API_KEY": "sk-ant-test",
        "ANTHROPIC_BASE_URL": doubles["claude_url"],
        "LOCAL_LLM_BASE_URL": doubles["ollama_url"],
    }
    with gateway.running(tmp_path_factory.mktemp("gateway"), **variables) as running:
        yield running


@pytest.fixture
def client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=KEY, max_retries=0) as client:
        yield client


def ask(client, text, **options):
    messages = [{"role": "user", "content": text}]
    raw = client.chat.completions.with_raw_response.create(model="auto", messages=messages, **options)
    return raw.headers, raw.parse()


def test_a_rename_stays_local_and_says_why(client):
    headers, completion = ask(client, RENAME)

    assert headers["x-smartgateway-tier"] == "local"
    assert headers["x-smartgateway-phase"] == "heuristic"
    assert "simple_task" in headers["x-smartgateway-reason"]
    assert completion.choices[0].message.content


def test_an_architecture_and_security_audit_goes_to_opus(client):
    headers, completion = ask(client, AUDIT)

    assert headers["x-smartgateway-tier"] == "opus"
    assert "deep_reasoning" in headers["x-smartgateway-reason"]
    assert completion.model == headers["x-smartgateway-model"] == "claude-opus-5-5"


def test_a_tool_loop_stays_with_claude(client):
    call = {"id": "call_1", "type": "function", "function": {"name": "read_file", "arguments": '{"path": "a.py"}'}}
    messages = [
        {"role": "user", "content": "What does a.py do?"},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "print('hi')"},
    ]

    raw = client.chat.completions.with_raw_response.create(model="auto", messages=messages, tools=[TOOL])

    assert raw.headers["x-smartgateway-provider"] == "anthropic"
    assert "tool_loop" in raw.headers["x-smartgateway-reason"]


def test_claude_calls_a_tool(client):
    text = 'Read it. [[call:read_file {"path": "a.py"}]]'

    completion = client.chat.completions.create(
        model="sonnet", messages=[{"role": "user", "content": text}], tools=[TOOL]
    )

    [call] = completion.choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("read_file", {"path": "a.py"})
    assert completion.choices[0].finish_reason == "tool_calls"


@pytest.mark.parametrize("model", ["local", "sonnet"])
def test_a_stream_arrives_whole_with_its_usage(client, model):
    stream = client.chat.completions.create(
        model=model,
        messages=[{"role": "user", "content": "[[say:one two three]]"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream)

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert "one two three" in text if model == "sonnet" else text
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"
    assert chunks[-1].usage.completion_tokens > 0


def test_a_stream_that_breaks_raises_in_the_client(client):
    stream = client.chat.completions.create(
        model="sonnet", messages=[{"role": "user", "content": "[[break]]"}], stream=True
    )

    with pytest.raises(openai.APIError):
        list(stream)


def test_claudes_refusal_of_our_key_is_not_the_clients_401(client):
    with pytest.raises(openai.APIStatusError) as caught:
        client.chat.completions.create(model="opus", messages=[{"role": "user", "content": "[[401]]"}])

    assert caught.value.status_code == 502
    assert caught.value.response.headers["x-smartgateway-decision-id"]


def test_the_anthropic_client_is_served_too(served):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0) as client:
        message = client.messages.create(
            model="claude-auto", max_tokens=200, messages=[{"role": "user", "content": RENAME}]
        )

    assert message.content[0].type == "text"
    assert message.stop_reason == "end_turn"
    assert message.usage.output_tokens > 0


def test_the_anthropic_client_streams(served):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0) as client:
        messages = [{"role": "user", "content": "[[say:one two three]]"}]
        with client.messages.stream(model="sonnet", max_tokens=200, messages=messages) as stream:
            message = stream.get_final_message()

    assert "one two three" in message.content[-1].text


def test_models_are_listed_for_both_kinds_of_client(served, client):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0) as other:
        ours, theirs = [model.id for model in client.models.list()], [model.id for model in other.models.list()]

    assert ours == theirs
    assert {"auto", "claude-auto", "local", "opus", "claude-opus-5-5"} <= set(ours)


def test_route_explains_without_calling_anyone(served, doubles):
    seen = len(doubles["claude"].requests)
    body = {"messages": [{"role": "user", "content": AUDIT}]}

    answer = httpx.post(f"{served.url}/v1/route", json=body, headers={"x-api-key": KEY}).json()

    assert (answer["band"], answer["decision"]["tier"]) == ("CLAUDE", "opus")
    assert {"rule", "value", "threshold", "margin"} <= set(answer["decision"]["reasons"][0])
    explained = answer["explanation"]
    assert explained["decided_by"] == ["deep_reasoning", "opus_score"]
    assert len(explained["tried"]) == 18
    assert {flip["tier"] for flip in explained["flips"]} <= {"local", "sonnet"}
    assert explained["sentence"].startswith("This request goes to Claude Opus, because the rules were sure: deep")
    assert len(doubles["claude"].requests) == seen


def test_chat_takes_a_message_and_gives_a_reply(served):
    answer = httpx.post(f"{served.url}/chat", json={"message": "hello"}, headers={"x-api-key": KEY}).json()

    assert set(answer) == {"reply", "model", "tier", "decision_id"}
    assert answer["tier"] == "local"


def test_a_decision_is_found_by_its_id(served, client):
    headers, _ = ask(client, AUDIT)
    identity = headers["x-smartgateway-decision-id"]

    def newest():
        return httpx.get(f"{served.url}/v1/decisions", headers={"x-api-key": KEY}).json()["data"]

    wait_until(lambda: identity in {row["id"] for row in newest() if row["status"] == "answered"}, "it is shipped", 15)
    [row] = [row for row in newest() if row["id"] == identity]
    assert (row["tier"], row["served_model"]) == ("opus", "claude-opus-5-5")


def test_an_answer_is_rated_by_its_id_as_often_as_one_likes(served, client):
    identity = ask(client, AUDIT)[0]["x-smartgateway-decision-id"]
    served.outcome(identity)

    def rated(verdict):
        body = {"decision_id": identity, "verdict": verdict, "comment": "[[why]]"}
        return httpx.post(f"{served.url}/v1/feedback", json=body, headers={"x-api-key": KEY}).json()

    assert (rated("good")["replaced"], rated("too_strong")["replaced"]) == (False, True)
    assert served.rows("SELECT verdict, comment, giver FROM audit_feedback") == [("too_strong", "[[why]]", "first key")]


@pytest.mark.parametrize(
    ("content", "status"),
    [
        (b"{", 400),
        (b"[]", 400),
        (b'{"messages": []}', 400),
        (b'{"messages": [{"role": "user", "content": "hi"}], "model": "sonet"}', 404),
        (b'{"messages": [{"role": "user", "content": "hi"}], "model": "sonnet", "provider": "local"}', 400),
        (json.dumps({"messages": [{"role": "user", "content": "hi"}] * 20_000}).encode(), 400),
        (b" " * (33 * 2**20), 413),
    ],
)
def test_bad_input_is_refused_in_the_clients_protocol(served, content, status):
    headers = {"x-api-key": KEY, "content-type": "application/json"}

    answer = httpx.post(f"{served.url}/v1/chat/completions", content=content, headers=headers)

    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"message", "type", "param", "code"}


@pytest.mark.parametrize("headers", [{}, {"x-api-key": "sk-sg-unknown"}, {"authorization": "Basic abc"}])
def test_a_stranger_gets_a_401(served, headers):
    answer = httpx.post(f"{served.url}/v1/chat/completions", json={}, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "invalid_api_key")


@pytest.mark.parametrize("path", ["/v1", "/v1/nothing", "/v1/nothing/"])
def test_an_unknown_endpoint_is_said_in_json(served, path):
    answer = httpx.post(served.url + path, json={}, headers={"x-api-key": KEY})

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "unknown_endpoint")


def test_an_unknown_endpoint_beside_messages_is_said_in_anthropics_shape(served):
    answer = httpx.post(f"{served.url}/v1/messages/nothing", json={}, headers={"x-api-key": KEY})

    assert (answer.status_code, answer.json()["error"]["type"]) == (404, "not_found_error")


def test_what_claude_was_sent_was_good(served, doubles, client):
    """The double judges every body by the SDK's own types; whatever the other tests sent has passed it."""
    ask(client, AUDIT, temperature=0.3, top_p=0.9, max_tokens=50)

    complaints = [request["complaint"] for request in doubles["claude"].requests]
    assert [complaint for complaint in complaints if complaint and "invalid x-api-key" not in complaint] == []


def test_dropped_parameters_are_named(client):
    headers, _ = ask(client, AUDIT, temperature=0.3)

    assert "temperature" in headers["x-smartgateway-dropped-params"]


def test_every_attempt_is_in_the_record_once_and_the_record_proves_it(served, doubles, client):
    ask(client, AUDIT)
    sent = {request["attempt_id"] for request in doubles["claude"].requests if request["path"] == "/v1/messages"}

    def recorded():
        with sqlite3.connect(served.environment["DATABASE_URL"].removeprefix("sqlite:///")) as database:
            return {row[0].replace("-", "") for row in database.execute("SELECT id FROM audit_attempt")}

    wait_until(lambda: sent <= recorded(), "every attempt is shipped", 15)
    assert "0" in served.manage("verify_audit")
