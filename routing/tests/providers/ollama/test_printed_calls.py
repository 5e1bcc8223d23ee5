"""Calls that a model prints as text."""

import pytest

from routing.providers.base import ProviderRejectedError
from routing.tests.providers.ollama.asks import TOOLS, TRANSCRIPTS, call, called, deltas, provider, said, streamed


async def test_a_call_printed_as_text_becomes_a_call():
    opened, chunks, _ = await streamed(TRANSCRIPTS["tool_as_text"], tools=TOOLS)

    assert [called(0, "call_attempt1_0", "weather", '{"city":"Oslo"}')] == deltas(chunks)[0]["tool_calls"]
    assert "".join(delta.get("content", "") for delta in deltas(chunks)) == ""
    assert opened.account.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "text",
    [
        '<tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>',
        '[{"name": "weather", "parameters": {"city": "Oslo"}}]',
        '{"type": "function", "function": {"name": "weather", "arguments": "{\\"city\\": \\"Oslo\\"}"}}',
    ],
)
async def test_every_usual_way_to_print_a_call_is_recognised(text):
    answer = await provider(said(*text)).complete(call(tools=TOOLS))

    message = answer.completion["choices"][0]["message"]
    assert message["tool_calls"][0]["function"] == {"name": "weather", "arguments": '{"city":"Oslo"}'}
    assert message["content"] is None


@pytest.mark.parametrize(
    "text",
    [
        '[{"name": "weather", "arguments": {"city": "Oslo"}}, {"name": "ping", "arguments": {}}]',
        '<tool_call>{"name": "weather", "arguments": {"city": "Oslo"}}</tool_call>\n'
        '<tool_call>{"name": "ping"}</tool_call>',
    ],
    ids=["list", "marked"],
)
async def test_several_calls_printed_as_text_become_calls(text):
    answer = await provider(said(*text)).complete(call(tools=TOOLS))

    functions = [made["function"] for made in answer.completion["choices"][0]["message"]["tool_calls"]]
    assert functions == [{"name": "weather", "arguments": '{"city":"Oslo"}'}, {"name": "ping", "arguments": "{}"}]


async def test_a_printed_call_without_its_last_brace_is_repaired():
    answer = await provider(said('{"name": "weather", "arguments": {"city": "Oslo"}')).complete(call(tools=TOOLS))

    assert answer.account.finish_reason == "tool_calls"


@pytest.mark.parametrize(
    "text", ['<tool_call>{"name": "unknown", "arguments": {}}</tool_call>', '<tool_call>{"name": "weather", "argu']
)
async def test_a_printed_call_that_cannot_be_read_fails_before_the_first_byte(text):
    _, chunks, error = await streamed(said(*text), tools=TOOLS)

    assert chunks == []
    assert (type(error), error.kind) == (ProviderRejectedError, "unreadable_tool_call")


@pytest.mark.parametrize(
    "text",
    [
        '{"name": "unknown", "arguments": {}}',
        'I would call {"name": "weather", "arguments": {}}',
        '{"name": "weather", "arguments": {}} and then?',
        '{"name": "weather", "arguments": "Oslo"}',
        "```python\nprint(1)\n```",
        "{",
    ],
)
async def test_any_other_text_stays_text(text):
    answer = await provider(said(*text)).complete(call(tools=TOOLS))

    assert answer.completion["choices"][0]["message"] == {"role": "assistant", "content": text}


async def test_without_tools_json_is_not_held_back():
    _, chunks, _ = await streamed(said('{"name": "weather"', "}"))

    assert [delta.get("content") for delta in deltas(chunks)] == ['{"name": "weather"', "}", None]
