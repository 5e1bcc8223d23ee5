"""The real embedded model, on one thread, as the process that `make run` starts."""

import socket
import subprocess
import sys
import time

import httpx
import openai
import pytest

from smartgateway.local.door import NAME

ASK = [{"role": "user", "content": "Explain what a Python list comprehension does"}]
IMAGE = [{"role": "user", "content": [{"type": "image_url"}]}]
TOO_LONG = [{"role": "user", "content": "word " * 3000}]
LONG = {"messages": ASK, "max_tokens": 1500, "temperature": 1.5, "stop": ["never said"]}


@pytest.fixture(scope="module")
def base_url():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "smartgateway.local.model", "--threads", "1", "--fd", str(listener.fileno())]
        process = subprocess.Popen(command, pass_fds=[listener.fileno()])
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def client(base_url):
    with httpx.Client(base_url=base_url, timeout=60) as client:
        assert client.get("/health").json() == {"status": "ok"}
        yield client


def complete(client, **body):
    return client.post("/v1/chat/completions", json={"messages": ASK, "max_tokens": 8, **body})


def test_it_answers_in_words_and_counts_its_tokens(client):
    answer = complete(client, max_tokens=60).json()

    assert "list" in answer["choices"][0]["message"]["content"]
    assert answer["model"] == NAME
    assert answer["usage"]["completion_tokens"] <= 60
    assert answer["usage"]["prompt_tokens"] > 10


def test_the_official_client_streams_it(client, base_url):
    with openai.OpenAI(base_url=f"{base_url}/v1", api_key="none") as official:
        chunks = list(
            official.chat.completions.create(
                model=NAME, messages=ASK, max_tokens=12, stream=True, stream_options={"include_usage": True}
            )
        )

    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert len(text.split()) > 3
    assert chunks[-1].usage.completion_tokens == 12


def test_it_lists_itself_only(client):
    assert [model["id"] for model in client.get("/v1/models").json()["data"]] == [NAME]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        pytest.param({"tools": [{"type": "function"}]}, 400, "tools_not_supported", id="tools"),
        pytest.param({"messages": []}, 400, "text_only", id="no messages"),
        pytest.param({"messages": IMAGE}, 400, "text_only", id="image"),
        pytest.param({"messages": "hello"}, 400, "invalid_request", id="messages of a wrong type"),
        pytest.param({"max_tokens": "many"}, 400, "invalid_request", id="max_tokens of a wrong type"),
        pytest.param({"model": "gpt-4o"}, 404, "model_not_found", id="another model"),
        pytest.param({"messages": TOO_LONG}, 400, "context_length_exceeded", id="long"),
    ],
)
def test_what_it_cannot_do_is_refused_by_name(client, body, status, code):
    response = complete(client, **body)

    assert response.status_code == status
    assert response.json()["error"]["code"] == code
    assert NAME in response.json()["error"]["message"] or code == "invalid_request"


def test_malformed_json_and_unknown_paths_are_json_errors(client):
    responses = [client.post("/v1/chat/completions", content=b"{"), client.get("/v1/embeddings")]

    assert [response.status_code for response in responses] == [400, 404]
    assert all("error" in response.json() for response in responses)


def test_a_caller_who_hangs_up_ends_the_generation(client):
    with client.stream("POST", "/v1/chat/completions", json={**LONG, "stream": True}) as response:
        next(response.iter_lines())
    started_at = time.monotonic()

    complete(client, max_tokens=1)

    assert time.monotonic() - started_at < 3  # 1,500 tokens take over 10 s
