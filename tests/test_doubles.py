"""The doubles answer the vendors' own clients, and our providers get along with them over a real socket."""

import anthropic
import ollama
import pytest

from routing.capabilities.ollama import OllamaScout
from routing.providers.anthropic import Anthropic, headers
from routing.providers.base import Call, ProviderError
from routing.providers.http import Upstream
from routing.providers.ollama import Ollama
from routing.providers.transport import FastTransport
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import Llama, OllamaDouble
from tests.doubles.serving import serving

LOCAL_MODEL = "qwen2.5-coder:14b-instruct"
TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def claude_address():
    with serving(AnthropicDouble()) as address:
        yield address


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


@pytest.fixture
def claude(claude_address):
    with anthropic.Anthropic(api_key="sk-ant-test", base_url=claude_address, max_retries=0) as client:
        yield client


def said(text, **members):
    return {"model": "claude-opus-5-5", "max_tokens": 100, "messages": [{"role": "user", "content": text}], **members}


def test_anthropics_client_gets_a_message_that_begins_with_thinking(claude):
    message = claude.messages.create(**said("[[say:Good morning]]"))

    assert [block.type for block in message.content] == ["thinking", "text"]
    assert message.content[1].text == "Good morning"
    assert message.usage.input_tokens > 0


def test_anthropics_client_puts_a_stream_together(claude):
    tools = [{"name": "weather", "input_schema": {"type": "object"}}]

    with claude.messages.stream(**said('[[call:weather {"city": "Oslo"}]]', tools=tools)) as stream:
        message = stream.get_final_message()

    assert message.stop_reason == "tool_use"
    assert message.content[-1].input == {"city": "Oslo"}


def test_the_second_turn_reads_the_cache_that_the_first_one_wrote(claude):
    marker = {"cache_control": {"type": "ephemeral"}}
    turns = said("A long story " * 99)["messages"]
    more = [*turns, {"role": "assistant", "content": "Yes"}, {"role": "user", "content": "And?"}]

    first = claude.messages.create(**said("", **marker) | {"messages": turns})
    second = claude.messages.create(**said("", **marker) | {"messages": more})

    assert first.usage.cache_creation_input_tokens == second.usage.cache_read_input_tokens > 0


@pytest.mark.parametrize(
    ("body", "complaint"),
    [
        (said("Hi", extra_body={"temperature": 1}), "temperature: Extra inputs are not permitted"),
        (said("Hi", extra_body={"top_k": 5}), "top_k: Extra inputs are not permitted"),
        (said("Hi", tool_choice={"type": "auto"}), "while providing tools"),
        (
            said("Hi", tools=[{"name": "x", "input_schema": {"type": "object"}}], tool_choice={"type": "any"}),
            "not supported for this model",
        ),
        (said(" "), "non-empty"),
        (said("Hi") | {"messages": []}, "at least one message"),
        (said("Hi") | {"messages": [{"role": "assistant", "content": "Hi"}]}, "first message"),
        (said("Hi") | {"messages": [*said("Hi")["messages"], {"role": "assistant", "content": "("}]}, "prefill"),
        (said("Hi", thinking={"type": "disabled"}), "thinking.type"),
        (said("Hi", stop_sequences=["\n"]), "non-whitespace"),
        (said("Hi") | {"messages": [{"role": "user", "content": "Hi", "name": "x"}]}, "Extra inputs"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_the_double_refuses_what_claude_refuses(claude, body, complaint):
    with pytest.raises(anthropic.BadRequestError) as caught:
        claude.messages.create(**body)

    assert complaint in caught.value.message


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("[[429]]", anthropic.RateLimitError),
        ("[[401]]", anthropic.AuthenticationError),
        ("[[500]]", anthropic.InternalServerError),
        ("[[529]]", anthropic.APIStatusError),
        ("[[html]]", anthropic.InternalServerError),
    ],
    ids=["429", "401", "500", "529", "html"],
)
def test_the_double_fails_on_demand(claude, word, error):
    with pytest.raises(error):
        claude.messages.create(**said(word))


def test_a_model_that_does_not_exist_is_not_found(claude):
    with pytest.raises(anthropic.NotFoundError):
        claude.messages.create(**said("Hi") | {"model": "claude-9"})
    assert "claude-opus-5-5" in [model.id for model in claude.models.list()]


def provider_of_claude(address):
    return Anthropic(Upstream(FastTransport(), address, label="Claude's API", headers=headers("sk-ant-test")))


def provider_of_ollama(address, num_ctx=4_096, counts_whole=lambda: True):
    upstream = Upstream(FastTransport(), address, label="the local model server", headers={})
    return Ollama(upstream, num_ctx=num_ctx, keep_alive="5m", counts_whole=counts_whole)


def call(text, model, **members):
    return Call(model, {"messages": [{"role": "user", "content": text}], **members}, "attempt-7")


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_our_provider_speaks_to_claudes_double(claude_address, is_streamed):
    provider = provider_of_claude(claude_address)
    asked = call('[[call:weather {"city": "Oslo"}]]', "claude-opus-5-5", tools=[TOOL], temperature=0, max_tokens=50)

    if is_streamed:
        stream = await provider.stream(asked)
        chunks = [chunk async for batch in stream.batches for chunk in batch]
        account, finish = stream.account, chunks[-1]["choices"][0]["finish_reason"]
    else:
        answer = await provider.complete(asked)
        account, finish = answer.account, answer.completion["choices"][0]["finish_reason"]
    await provider.aclose()

    assert finish == "tool_calls"
    assert account.is_complete
    assert account.upstream_request_id.startswith("req_")
    assert account.dropped_params == ["temperature", "reasoning_effort", "max_tokens"]


@pytest.mark.parametrize("word", ["[[break]]", "[[error-event]]", "[[429]]", "[[529]]", "[[html]]", "[[spend-limit]]"])
async def test_trouble_at_claudes_double_is_one_of_our_errors(claude_address, word):
    provider = provider_of_claude(claude_address)

    with pytest.raises(ProviderError):
        await provider.complete(call(f"{word} and a few more words", "claude-opus-5-5"))
    await provider.aclose()


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

    if is_streamed:
        stream = await provider.stream(asked)
        chunks = [chunk async for batch in stream.batches for chunk in batch]
        account, finish = stream.account, chunks[-1]["choices"][0]["finish_reason"]
    else:
        answer = await provider.complete(asked)
        account, finish = answer.account, answer.completion["choices"][0]["finish_reason"]
    await provider.aclose()

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
