"""Every face, sent what no client should send: a 4xx in the face's own shape, nothing slow, nothing large, recorded."""

import asyncio
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from smartgateway.api.body import STALL_SECONDS
from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, wait_until

MB = 2**20
HI = [{"role": "user", "content": "hi"}]
BODIES = {
    "/v1/chat/completions": {"model": "local", "messages": HI},
    "/v1/messages": {"model": "local", "max_tokens": 5, "messages": HI},
    "/v1/messages/count_tokens": {"model": "local", "messages": HI},
    "/v1/responses": {"model": "local", "input": "hi"},
    "/v1/completions": {"model": "local", "prompt": "hi"},
    "/v1/embeddings": {"model": "auto", "input": "hi"},
    "/v1/route": {"model": "auto", "messages": HI},
    "/chat": {"model": "local", "message": "hi"},
}
CONVERSATIONS = {
    "/v1/chat/completions": "messages",
    "/v1/messages": "messages",
    "/v1/messages/count_tokens": "messages",
    "/v1/responses": "input",
    "/v1/route": "messages",
}
TEXTS = {"/v1/completions": "prompt", "/v1/embeddings": "input", "/chat": "message"}
RECORDED = {"chat", "messages", "responses", "completions", "embeddings", "simple_chat"}
PATIENCE_SECONDS = 30  # says that something hangs, not how fast the machine is
HIGHEST_MB = 1_000  # a body decoded, and what many at once may hold: `MAX_BYTES_IN_FLIGHT` and room to grow
JSON = {"content-type": "application/json"}
PROMPT_SECONDS = 1.0
TRIES = 5  # the machine may be busy with other things
RAW_FAULTS = {
    "nothing": lambda body: b"",
    "half": lambda body: body[:-9],
    "null": lambda body: b"null",
    "a list": lambda body: b"[%b]" % body,
    "a number": lambda body: b"1e999",
    "a string": lambda body: b'"hi"',
    "no members": lambda body: b"{}",
    "a lone surrogate": lambda body: body.replace(b'"hi"', b'"\\ud800"'),
    "a raw NUL": lambda body: body.replace(b'"hi"', b'"h\x00i"'),
    "a NUL in the model's name": lambda body: body.replace(b'"model": "', b'"model": "\\u0000'),
    "not UTF-8": lambda body: body.replace(b'"hi"', b'"\xff\xfe"'),
    "deep": lambda body: with_member(body, b"[" * 100_000 + b"]" * 100_000),
    "deep members": lambda body: with_member(body, b'{"a":' * 5_000 + b"1" + b"}" * 5_000),
    "two objects": lambda body: body + body,
    "many small values": lambda body: with_member(body, b"[" + b"{}," * (4 * MB) + b"{}]"),
    "many strings": lambda body: with_member(body, b"[" + b'"",' * (4 * MB) + b'""]'),
    "many members": lambda body: with_member(body, b"{" + b",".join(b'"%d":1' % n for n in range(500_000)) + b"}"),
}  # each made of a body that is good but for this


def with_member(body, value):
    return body[:-1] + b', "x": ' + value + b"}"


def faulty(path, fault):
    return RAW_FAULTS[fault](json.dumps(BODIES[path]).encode())


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    installed = {
        "qwen2.5-coder:14b-instruct": ("completion", "tools", "insert"),
        "nomic-embed-text:latest": ("embedding",),
    }
    with serving(AnthropicDouble()) as claude_url, serving(OllamaDouble(models=installed)) as local_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": local_url,
            "LOCAL_FIM_MODEL": "qwen2.5-coder:14b-instruct",
        }
        running = gateway.Gateway(tmp_path_factory.mktemp("gateway"), **variables)
        running.prepare()
        running.lift_limits()
        running.start()
        yield running
        running.stop()


@pytest.fixture
def client(served):
    with httpx.Client(base_url=served.url, headers={"x-api-key": KEY}, timeout=PATIENCE_SECONDS) as client:
        yield client


def check_refusal(path, response, *statuses):
    assert response.status_code in (statuses or range(400, 500)), response.text[:500]
    check_shape(path, response)


def check_prompt_refusal(client, path, *statuses, **sent):
    """A second is for the best of a few."""
    waits = []
    while not waits or (min(waits) >= PROMPT_SECONDS and len(waits) < TRIES):
        response = client.post(path, **sent)
        waits.append(response.elapsed.total_seconds())
        check_refusal(path, response, *statuses)
    assert min(waits) < PROMPT_SECONDS
    return response


def check_shape(path, response):
    body = response.json()
    if path.startswith("/v1/messages"):
        assert body["type"] == "error"
        assert {"type", "message"} <= body["error"].keys()
    else:
        assert body["error"].keys() == {"message", "type", "param", "code"}
    assert len(response.content) < 5_000


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("fault", RAW_FAULTS)
def test_what_is_no_request_is_refused(client, path, fault):
    check_prompt_refusal(client, path, 400, content=faulty(path, fault), headers=JSON)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/completions", "/chat"])
@pytest.mark.parametrize(("model", "upstream"), [("local", "LOCAL_LLM_BASE_URL"), ("sonnet", "ANTHROPIC_BASE_URL")])
def test_a_nul_that_is_written_as_json_writes_it_is_text_like_any_other(served, client, path, model, upstream):
    content = json.dumps({**BODIES[path], "model": model}).replace('"hi"', '"h\\u0000i"')

    response = client.post(path, content=content, headers=JSON)

    assert response.status_code == 200, response.text
    seen = httpx.get(f"{served.environment[upstream]}/double/requests", timeout=PATIENCE_SECONDS).json()
    assert "h\\u0000i" in json.dumps(seen[-1]["body"])
    assert served.outcome(response.headers["x-smartgateway-decision-id"])[0] == "answered"


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"])
def test_another_content_type_is_refused(client, path, kind):
    check_prompt_refusal(client, path, 400, 415, content=json.dumps(BODIES[path]), headers={"content-type": kind})


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("wrong", [None, True, -1, 1.5, "", [], [None], [[]], {}, {"a": []}, "\u0000"], ids=repr)
def test_no_member_of_a_wrong_type_makes_the_gateway_fail(client, path, wrong):
    members = {
        *BODIES[path],
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "system",
        "max_tokens",
        "stop",
        "user",
    }
    members |= {"metadata", "suffix", "n", "echo", "dimensions", "encoding_format", "provider", "temperature"}
    members |= {"response_format", "thinking", "output_config", "stop_sequences", "reasoning_effort", "best_of", "seed"}
    members |= {"input", "instructions", "text", "reasoning", "include", "max_output_tokens", "parallel_tool_calls"}
    members |= {"prompt_cache_key", "verbosity", "safety_identifier"}

    for member in sorted(members):
        response = client.post(path, json={**BODIES[path], member: wrong})

        assert response.status_code < 500, (member, response.text)
        if response.status_code >= 400:
            check_shape(path, response)


@pytest.mark.parametrize("path", CONVERSATIONS)
@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([], id="none"),
        pytest.param([{}], id="empty"),
        pytest.param([None], id="null"),
        pytest.param(["hi"], id="text"),
        pytest.param([{"role": "wizard", "content": "hi"}], id="unknown role"),
        pytest.param([{"role": ["user"], "content": "hi"}], id="role is a list"),
        pytest.param([{"role": "user", "content": 5}], id="content is a number"),
        pytest.param([{"role": "user", "content": [5]}], id="part is a number"),
        pytest.param([{"role": "user", "content": [{"type": 5}]}], id="type is a number"),
        pytest.param([{"role": "user", "content": [{}]}], id="part is empty"),
        pytest.param([{"role": "user", "content": "x"}] * 100_000, id="100,000 messages"),
        pytest.param({"role": "user", "content": "hi"}, id="not a list"),
    ],
)
def test_misshapen_messages_are_refused(client, path, messages):
    check_prompt_refusal(client, path, 400, json={**BODIES[path], CONVERSATIONS[path]: messages})


@pytest.mark.parametrize("path", TEXTS)
@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param([], id="none"),
        pytest.param([""], id="an empty one"),
        pytest.param([None], id="null"),
        pytest.param([{"role": "user", "content": "hi"}], id="messages"),
        pytest.param({"text": "hi"}, id="an object"),
        pytest.param(["x"] * 100_000, id="100,000 texts"),
    ],
)
def test_what_is_no_text_is_refused(client, path, text):
    check_prompt_refusal(client, path, 400, json={**BODIES[path], TEXTS[path]: text})


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


@pytest.mark.parametrize("model", ["local", "sonnet", "auto"])
@pytest.mark.parametrize("path", CONVERSATIONS)
@pytest.mark.parametrize(("calls", "results"), [("aa", "a"), ("aa", "aa"), ("a", "aa")], ids=["call", "both", "result"])
def test_a_tool_call_id_that_comes_twice_in_a_turn_is_refused(client, path, model, calls, results):
    turn = TURNS[path](calls, results)

    response = check_prompt_refusal(client, path, 400, json={**BODIES[path], "model": model, CONVERSATIONS[path]: turn})

    assert "second time" in response.text


NAMES_OF_TOOLS = {"/v1/chat/completions": "function", "/v1/messages": "input_schema", "/v1/responses": "flat"}


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


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("head", [b"content-length: 40000000", b"transfer-encoding: chunked"], ids=["told", "untold"])
def test_forty_megabytes_are_refused_before_all_of_them_came(served, path, head):
    waits = []
    while not waits or (min(waits) >= PROMPT_SECONDS and len(waits) < TRIES):
        answer, seconds = sent_endlessly(served.port, path, head, 40 * MB)
        waits.append(seconds)

        assert answer.startswith(b"HTTP/1.1 413")
        assert b"request_too_large" in answer or path == "/v1/messages"
    assert min(waits) < PROMPT_SECONDS


def sent_endlessly(port, path, head, size):
    """A body of blanks, sent until the gateway answers; as much of the answer as comes, and how long after it came."""
    chunk = b"%x\r\n%s\r\n" % (MB, b" " * MB) if b"chunked" in head else b" " * MB
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_SECONDS) as line:
        line.sendall(head_of(path, head))
        try:
            for _ in range(size // MB):
                line.sendall(chunk)
        except (BrokenPipeError, ConnectionResetError):
            pass
        sent_at = time.monotonic()
        answer = answer_on(line)
        return answer, time.monotonic() - sent_at


def answer_on(line):
    """Head and body may come apart, and the connection may be reset behind them or stay open."""
    answer = b""
    with suppress(ConnectionResetError):
        while not answer.endswith(b"}") and (part := line.recv(10_000)):
            answer += part
    return answer


def head_of(path, *fields):
    names = (b"host: x", b"x-api-key: " + KEY.encode(), b"content-type: application/json", *fields)
    return b"POST %s HTTP/1.1\r\n" % path.encode() + b"\r\n".join(names) + b"\r\n\r\n"


async def test_bodies_that_stall_are_ended_on_every_face(served):
    answers = await asyncio.gather(*(dripped(served, path, [b'{"model": '], 100) for path in BODIES))

    assert [status for status, _ in answers] == [b"408"] * len(BODIES)
    assert min(seconds for _, seconds in answers) >= STALL_SECONDS - 1
    assert max(seconds for _, seconds in answers) < STALL_SECONDS + PATIENCE_SECONDS


async def test_a_body_that_takes_longer_but_goes_on_is_waited_for(served):
    body = json.dumps(BODIES["/v1/chat/completions"]).encode()
    parts = [body[at : at + 16] for at in range(0, len(body), 16)]

    status, seconds = await dripped(served, "/v1/chat/completions", parts, len(body), every=STALL_SECONDS / 4)

    assert status == b"200"
    assert seconds > STALL_SECONDS


async def dripped(served, path, parts, length, every=0.0):
    """The status that a body sent in parts gets, and after how long."""
    reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
    started_at = time.monotonic()
    try:
        async with asyncio.timeout(2 * PATIENCE_SECONDS):
            writer.write(head_of(path, b"content-length: %d" % length))
            for part in parts:
                writer.write(part)
                await writer.drain()
                await asyncio.sleep(every)
            answer = await reader.read(10_000)
    finally:
        writer.close()
    return answer.split(b" ", 2)[1], time.monotonic() - started_at


def test_many_large_and_stalled_bodies_at_once_hold_up_nobody_and_little_memory(client, served):
    stalled = [socket.create_connection(("127.0.0.1", served.port), PATIENCE_SECONDS) for _ in range(50)]
    for line in stalled:
        line.sendall(head_of("/v1/messages", b"content-length: 1000") + b'{"model"')
    with ThreadPoolExecutor(6) as pool:
        sending = [
            pool.submit(sent_endlessly, served.port, path, b"transfer-encoding: chunked", 40 * MB)
            for path in (*BODIES, *BODIES)
        ]
        meanwhile = client.post("/v1/chat/completions", json=BODIES["/v1/chat/completions"])
        answers = [each.result()[0] for each in sending]
    for line in stalled:
        line.close()

    assert meanwhile.status_code == 200
    assert {answer.split(b" ", 2)[1] for answer in answers} == {b"413"}
    assert highest_mb(served) < HIGHEST_MB


def test_refusals_are_recorded_under_their_face(client, served):
    for path in BODIES:
        client.post(path, content=b"{", headers=JSON)

    wait_until(
        lambda: {face for (face,) in served.rows("SELECT face FROM audit_refusal")} >= RECORDED, "all are shipped"
    )


def test_no_bad_request_leaves_the_process_large(client, served):
    for path in BODIES:
        client.post(path, content=faulty(path, "many small values"), headers=JSON)

    assert highest_mb(served) < HIGHEST_MB


def highest_mb(served):
    """The most memory that the serving process ever had."""
    status = Path(f"/proc/{served.part('worker')}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.mark.parametrize("path", [*BODIES, "/v1/models", "/v1/models/auto", "/v1/decisions"])
@pytest.mark.parametrize("header", ["authorization", "x-api-key"])
def test_the_key_is_read_from_either_header_on_every_endpoint(served, path, header):
    def asked(key):
        headers = {header: f"Bearer {key}" if header == "authorization" else key}
        method = "POST" if path in BODIES else "GET"
        return httpx.request(
            method, served.url + path, json=BODIES.get(path), headers=headers, timeout=PATIENCE_SECONDS
        )

    assert (asked(KEY).status_code, asked("sk-sg-unknown").status_code) == (200, 401)
