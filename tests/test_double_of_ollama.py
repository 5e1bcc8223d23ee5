"""Ollama's double, and a real model behind it: the vendor's own client and our provider get along with both."""

import ollama
import pytest

from routing.capabilities.ollama import OllamaScout
from routing.providers.base import ProviderError
from routing.providers.http import Upstream
from routing.providers.ollama import Ollama
from routing.providers.transport import FastTransport
from tests.doubles.calls import TOOL, answered, call
from tests.doubles.ollama import Llama, OllamaDouble
from tests.doubles.serving import serving

LOCAL_MODEL = "qwen2.5-coder:14b-instruct"


@pytest.fixture(scope="module")
def ollama_address():
    with serving(OllamaDouble()) as address:
        yield address


@pytest.fixture(scope="module")
def llama_address():
    engine = Llama()
    with serving(OllamaDouble(engine, {"smollm2:135m": ("completion",)})) as address:
        yield address
    engine.close()


def provider_of_ollama(address, num_ctx=4_096, counts_whole=lambda: True):
    upstream = Upstream(FastTransport(), address, label="the local model server", headers={})
    return Ollama(upstream, num_ctx=num_ctx, keep_alive="5m", counts_whole=counts_whole)


@pytest.fixture
def client(ollama_address):
    with ollama.Client(ollama_address) as client:
        yield client


def test_ollamas_client_chats_with_the_double(client):
    message = {"role": "user", "content": "[[say:Good morning]]"}

    whole = client.chat(LOCAL_MODEL, [message])
    parts = list(client.chat(LOCAL_MODEL, [message], stream=True))

    assert whole.message.content == "".join(part.message.content for part in parts) == "Good morning"
    assert parts[-1].done_reason == "stop"
    assert [model.model for model in client.list().models] == [LOCAL_MODEL]
    assert client.show(LOCAL_MODEL).capabilities == ["completion", "tools"]
    assert client.ps().models[0].context_length == 4_096


def test_ollamas_client_gets_calls_and_errors(client):
    called = client.chat(LOCAL_MODEL, [{"role": "user", "content": '[[call:weather {"a": 1}]]'}], tools=[TOOL])

    assert called.message.tool_calls[0].function.arguments == {"a": 1}
    with pytest.raises(ollama.ResponseError, match="not found"):
        client.chat("absent", [{"role": "user", "content": "Hi"}])


def test_the_double_truncates_as_silently_as_ollama_does(client):
    messages = [{"role": "user", "content": "word " * 9_000}, {"role": "user", "content": "Hi"}]

    assert client.chat(LOCAL_MODEL, messages).prompt_eval_count < 10


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_our_provider_speaks_to_ollamas_double(ollama_address, is_streamed):
    provider = provider_of_ollama(ollama_address)
    asked = call('[[call:weather {"city": "Oslo"}]]', LOCAL_MODEL, tools=[TOOL], temperature=0)

    account, finish = await answered(provider, asked, is_streamed=is_streamed)

    assert finish == "tool_calls"
    assert account.is_complete


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("[[break]] a b c d", "broken_off"),
        ("[[crash]] a b c d", "server_error"),
        ("[[busy]]", "overloaded"),
        ("[[html]]", "cloudflare_access"),
        ("word " * 9_000, "context_length_exceeded"),
        ("[[truncated]] " + "word " * 2_000, "truncated"),
    ],
    ids=["break", "crash", "busy", "html", "too-long", "truncated"],
)
async def test_trouble_at_ollamas_double_is_one_of_our_errors(ollama_address, text, kind):
    provider = provider_of_ollama(ollama_address)

    with pytest.raises(ProviderError) as caught:
        await provider.complete(call(text, LOCAL_MODEL))
    await provider.aclose()

    assert caught.value.kind == kind


@pytest.mark.parametrize("version", ["0.30.0", "0.33.0"])
async def test_a_conversation_goes_on_at_a_server_that_does_not_count_what_it_cached(version):
    with serving(OllamaDouble(version=version)) as address:
        looks = Upstream(FastTransport(), address, label="the local model server", headers={})
        scout = OllamaScout(looks, num_ctx=8_192)
        provider = provider_of_ollama(address, counts_whole=scout.counts_whole)
        await scout.look(LOCAL_MODEL)

        answers = [await provider.complete(call("word " * 2_000, LOCAL_MODEL)) for _ in range(2)]
        await provider.aclose()
        await looks.aclose()

    assert [answer.account.usage.is_estimated for answer in answers] == [version == "0.30.0"] * 2
    assert all(answer.account.usage.fresh_input_tokens >= 2_000 for answer in answers)


async def test_the_double_of_030_counts_only_what_it_had_not_read_before():
    with serving(OllamaDouble(version="0.30.0")) as address:
        provider = provider_of_ollama(address)

        await provider.complete(call("word " * 2_000, LOCAL_MODEL))
        with pytest.raises(ProviderError) as caught:
            await provider.complete(call("word " * 2_000, LOCAL_MODEL))
        await provider.aclose()

    assert caught.value.kind == "truncated"


async def test_a_real_model_answers_through_the_double(llama_address):
    provider = provider_of_ollama(llama_address, num_ctx=2_048)

    answer = await provider.complete(
        call("What is the capital of France?", "smollm2:135m", max_tokens=24, temperature=0)
    )
    await provider.aclose()

    assert answer.completion["choices"][0]["message"]["content"].strip()
    assert answer.account.usage.fresh_input_tokens > 10


async def test_a_real_model_keeps_to_a_schema(llama_address):
    provider = provider_of_ollama(llama_address, num_ctx=2_048)
    schema = {"type": "object", "properties": {"tier": {"enum": ["local", "sonnet"]}}, "required": ["tier"]}
    shape = {"type": "json_schema", "json_schema": {"name": "tier", "schema": schema}}

    answer = await provider.complete(
        call("Pick one", "smollm2:135m", response_format=shape, max_tokens=40, temperature=0)
    )
    await provider.aclose()

    assert '"tier"' in answer.completion["choices"][0]["message"]["content"]


def test_ollamas_client_chats_with_the_real_model(llama_address):
    with ollama.Client(llama_address) as client:
        reply = client.chat("smollm2:135m", [{"role": "user", "content": "Say hello"}], options={"num_predict": 8})

    assert reply.message.content
    assert reply.prompt_eval_count > 5
