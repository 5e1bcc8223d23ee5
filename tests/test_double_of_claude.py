"""Claude's double: the vendor's own client and our provider get along with it over a real socket."""

import anthropic
import pytest

from routing.providers.anthropic import Anthropic, headers
from routing.providers.base import ProviderError
from routing.providers.http import Upstream
from routing.providers.transport import FastTransport
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.calls import TOOL, answered, call
from tests.doubles.serving import serving


@pytest.fixture(scope="module")
def claude_address():
    with serving(AnthropicDouble()) as address:
        yield address


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


@pytest.mark.parametrize("is_streamed", [True, False])
async def test_our_provider_speaks_to_claudes_double(claude_address, is_streamed):
    provider = provider_of_claude(claude_address)
    asked = call('[[call:weather {"city": "Oslo"}]]', "claude-opus-5-5", tools=[TOOL], temperature=0, max_tokens=50)

    account, finish = await answered(provider, asked, is_streamed=is_streamed)

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
