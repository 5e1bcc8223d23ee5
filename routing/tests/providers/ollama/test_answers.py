"""Answers as they come: text, calls, usage, reasons to finish."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.types import Usage
from routing.providers.base import ProviderUnavailableError
from routing.tests.providers.ollama.asks import (
    NAMES,
    TOOLS,
    TRANSCRIPTS,
    call,
    called,
    deltas,
    provider,
    said,
    streamed,
)
from routing.tests.providers.replies import Pieces, cut


async def test_text_is_streamed_as_it_comes():
    opened, chunks, error = await streamed(TRANSCRIPTS["text"])

    assert error is None
    assert deltas(chunks) == [{"role": "assistant", "content": "Grüße"}, {"content": " aus\u2028 世界 🌍"}, {}]
    assert chunks[-1]["choices"][0]["finish_reason"] == opened.account.finish_reason == "stop"
    assert {(chunk["id"], chunk["model"]) for chunk in chunks} == {("chatcmpl-attempt-1", "qwen2.5-coder:14b")}
    assert opened.account.usage == Usage(fresh_input_tokens=26, output_tokens=9)
    assert opened.account.is_complete


async def test_usage_comes_as_a_chunk_of_its_own_where_it_was_asked_for():
    _, chunks, _ = await streamed(TRANSCRIPTS["text"], stream_options={"include_usage": True})

    assert chunks[-1]["choices"] == []
    assert chunks[-1]["usage"]["total_tokens"] == 35


async def test_calls_get_ids_and_arguments_as_text_and_thinking_stays_out_of_the_content():
    opened, chunks, _ = await streamed(TRANSCRIPTS["tools"], tools=TOOLS)

    assert deltas(chunks) == [
        {"role": "assistant", "content": "", "reasoning_content": "Two calls."},
        {"content": "Looking."},
        {"tool_calls": [called(0, "call_attempt1_0", "weather", '{"city":"Oslo"}')]},
        {"tool_calls": [called(1, "call_up1", "ping", "{}")]},
        {},
    ]
    assert opened.account.finish_reason == "tool_calls"


async def test_a_whole_answer_is_put_together():
    answer = await provider(TRANSCRIPTS["text"]).complete(call())

    assert answer.completion["object"] == "chat.completion"
    assert answer.completion["choices"][0]["message"]["content"] == "Grüße aus\u2028 世界 🌍"
    assert answer.completion["usage"]["prompt_tokens"] == 26
    assert answer.account.is_complete


@pytest.mark.parametrize(("done_reason", "expected"), [("stop", "stop"), ("length", "length"), ("load", "stop")])
async def test_the_reason_to_finish_is_one_that_openai_knows(done_reason, expected):
    opened, _, _ = await streamed(said("a", done_reason=done_reason))

    assert opened.account.finish_reason == expected


@pytest.mark.parametrize("reason", ["load", "unload"])
async def test_the_news_of_a_model_loaded_is_not_taken_for_an_answer(reason):
    opened, chunks, error = await streamed(said(done_reason=reason))

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    assert not any(chunk["choices"][0]["finish_reason"] for chunk in chunks)


@pytest.mark.parametrize("name", NAMES)
@given(places=st.lists(st.integers(0, 10_000), max_size=12), with_crlf=st.booleans())
async def test_any_split_of_a_stream_gives_the_same_chunks(name, places, with_crlf):
    content = TRANSCRIPTS[name].replace(b"\n", b"\r\n") if with_crlf else TRANSCRIPTS[name]
    whole, expected, expected_error = await streamed(content, tools=TOOLS)

    opened, chunks, error = await streamed(Pieces(*cut(content, places)), tools=TOOLS)

    assert chunks == expected
    assert opened.account == whole.account
    assert type(error) is type(expected_error)
