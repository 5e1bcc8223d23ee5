"""The embedded model and llama.cpp's own server: what doubles only say of them is tried on the real ones."""

import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import anthropic
import httpx
import openai
import pytest

from routing.providers.base import Call, ProviderRejectedError, Timeouts
from routing.providers.http import PlainTransport, Upstream
from routing.providers.openai_compatible import OpenAICompatible
from smartgateway.local.door import NAME
from smartgateway.local.model import find_weights
from tests import gateway
from tests.gateway import KEY, wait_until

ASK = [{"role": "user", "content": "Explain what a Python list comprehension does"}]
PATIENCE_SECONDS = 300


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """A gateway before the process that `make run` starts for the embedded model."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        command = [sys.executable, "-m", "smartgateway.local.model", "--threads", "1", "--fd", str(listener.fileno())]
        model = subprocess.Popen(command, pass_fds=[listener.fileno()])
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: gateway.answers(f"{url}/health"), "the model is loaded", PATIENCE_SECONDS)
        variables = {"LOCAL_LLM_BASE_URL": url, "LOCAL_LLM_KIND": "openai_compatible"}
        with gateway.running(tmp_path_factory.mktemp("gateway"), **variables) as running:
            yield running
    finally:
        model.terminate()
        model.wait(30)


@pytest.fixture(scope="module")
def claudes_client(served):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0, timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.fixture(scope="module")
def openais_client(served):
    with openai.OpenAI(base_url=f"{served.url}/v1", api_key=KEY, max_retries=0, timeout=PATIENCE_SECONDS) as client:
        yield client


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
def test_anthropics_client_is_answered_by_a_real_model_that_speaks_openai(claudes_client, is_stream):
    asked = {"model": "local", "max_tokens": 12, "messages": ASK, "system": "Be brief."}

    if is_stream:
        with claudes_client.messages.stream(**asked) as stream:
            texts, message = list(stream.text_stream), stream.get_final_message()
    else:
        message = claudes_client.messages.create(**asked)
        texts = [block.text for block in message.content]

    assert "".join(texts).strip()
    assert (message.model, message.stop_reason) == (NAME, "max_tokens")
    assert message.usage.input_tokens + message.usage.cache_read_input_tokens > 10  # it counts what it has read before
    assert 0 < message.usage.output_tokens <= 12


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
def test_responses_are_answered_by_a_real_model_that_speaks_openai(openais_client, is_stream):
    asked = {"model": "local", "input": ASK, "max_output_tokens": 12}

    answer = openais_client.responses.create(stream=is_stream, **asked)
    response = list(answer)[-1].response if is_stream else answer

    assert response.output_text.strip()
    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")


def test_a_prompt_that_is_too_long_for_a_real_model_is_refused_in_the_clients_protocol(claudes_client):
    long = [{"role": "user", "content": "word " * 3_000}]

    with pytest.raises(anthropic.BadRequestError) as caught:
        claudes_client.messages.create(model="local", max_tokens=5, messages=long)

    assert caught.value.body["error"]["type"] == "invalid_request_error"


@pytest.fixture(scope="module", params=[False, True], ids=["for-chat", "for-embeddings"])
def llama(request):
    """llama.cpp's server as it is, in this process; whether it embeds, and its address."""
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(find_weights())
    params.model_alias = {"m"}
    params.n_ctx, params.n_parallel, params.cpuparams.n_threads = 512, 1, 1
    params.verbosity = 0
    params.warmup = params.ui = False
    if request.param:
        params.embedding = True
        params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_MEAN
    with tempfile.TemporaryDirectory() as folder:
        path = str(Path(folder) / "llama.sock")
        params.hostnames = [path]
        server = xllamacpp.Server(params)
        yield request.param, path
        del server


@pytest.fixture
async def provider(llama):
    opened = OpenAICompatible(
        Upstream(PlainTransport(uds=llama[1]), "http://llama", label="llama.cpp", headers={}), infills=lambda: True
    )
    yield opened
    await opened.aclose()


def call(**body):
    return Call("m", {"messages": [], **body}, "attempt-1", timeouts=Timeouts(between_bytes=PATIENCE_SECONDS))


async def test_texts_are_embedded_by_a_real_server_that_was_started_for_it(provider, llama):
    embeds, _ = llama

    if embeds:
        answer = await provider.embed(call(input=["hello", "quite another text"], encoding_format="float"))
        first, second = (row["embedding"] for row in answer.completion["data"])
        assert len(first) == len(second) == 576
        assert first != second
        assert answer.completion["usage"]["prompt_tokens"] > 2
    else:
        with pytest.raises(ProviderRejectedError, match="--embeddings"):
            await provider.embed(call(input="hello"))


async def test_a_real_model_that_was_not_trained_to_fill_in_says_so(provider):
    with pytest.raises(ProviderRejectedError) as caught:
        await provider.fill(call(prompt="def f(", suffix="): pass", max_tokens=5))

    assert caught.value.kind == "fill_not_supported"


def test_a_real_llama_cpp_says_that_it_is_one(llama):
    with httpx.Client(transport=httpx.HTTPTransport(uds=llama[1]), base_url="http://llama") as client:
        [row] = client.get("/v1/models").json()["data"]

    assert row["owned_by"] == "llamacpp"
