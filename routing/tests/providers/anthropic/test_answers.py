"""Answers in indoor form: text, usage, calls, reasons to stop."""

import json

import pytest

from routing.engine.types import Usage
from routing.providers.anthropic import Anthropic, headers
from routing.tests.providers.anthropic.answering import TOOLS, TRANSCRIPTS, call, deltas, provider, streamed
from routing.tests.providers.replies import answering, transcript, upstream

WHOLE = transcript("anthropic/whole.json")


async def test_a_request_carries_version_key_and_our_attempts_id():
    seen = []
    handler = answering(TRANSCRIPTS["text"])
    claude = Anthropic(upstream(lambda request: seen.append(request) or handler(request), headers("sk-ant-1")))

    await claude.stream(call())

    assert seen[0].url.path == "/v1/messages"
    assert seen[0].headers["x-api-key"] == "sk-ant-1"
    assert seen[0].headers["anthropic-version"] == "2026-10-21"
    assert seen[0].headers["x-request-id"] == "attempt-1"
    assert json.loads(seen[0].content)["stream"] is True


async def test_text_is_streamed_without_its_thinking():
    opened, chunks, error = await streamed(TRANSCRIPTS["text"])

    assert error is None
    assert deltas(chunks) == [
        {"role": "assistant", "content": ""},
        {"content": "Grüße"},
        {"content": " aus 世界 🌍"},
        {},
    ]
    assert [chunk["choices"][0]["finish_reason"] for chunk in chunks] == [None, None, None, "stop"]
    assert {(chunk["id"], chunk["model"], chunk["object"]) for chunk in chunks} == {
        ("msg_1", "claude-opus-5-5", "chat.completion.chunk")
    }
    assert opened.account.is_complete


async def test_usage_is_five_disjoint_counters_and_cumulative():
    opened, _, _ = await streamed(TRANSCRIPTS["text"])
    repeated, _, _ = await streamed(TRANSCRIPTS["tools"])

    assert opened.account.usage == Usage(
        fresh_input_tokens=10,
        cache_read_input_tokens=2000,
        cache_write_5m_input_tokens=100,
        cache_write_1h_input_tokens=200,
        output_tokens=42,
        reasoning_tokens=30,
    )
    assert repeated.account.usage == Usage(fresh_input_tokens=55, output_tokens=60)


async def test_usage_comes_as_a_chunk_of_its_own_only_where_it_was_asked_for():
    _, asked, _ = await streamed(TRANSCRIPTS["text"], stream_options={"include_usage": True})
    _, unasked, _ = await streamed(TRANSCRIPTS["text"])

    assert asked[:-1] == unasked
    assert asked[-1]["choices"] == []
    assert asked[-1]["usage"] == {
        "prompt_tokens": 2310,
        "completion_tokens": 42,
        "total_tokens": 2352,
        "prompt_tokens_details": {"cached_tokens": 2000, "cache_write_tokens": 300},
        "completion_tokens_details": {"reasoning_tokens": 30},
    }


async def test_tool_calls_are_counted_by_themselves_and_never_without_arguments():
    opened, chunks, error = await streamed(TRANSCRIPTS["tools"])

    assert error is None
    assert deltas(chunks)[1:] == [
        {"reasoning_content": "Two calls."},
        {"content": "Looking."},
        {"tool_calls": [called(0, "toolu_1", "mcp.weather")]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"city": "Os'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": 'lo"}'}}]},
        {"tool_calls": [called(1, "toolu_2", "ping")]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
        {},
    ]
    assert opened.account.finish_reason == chunks[-1]["choices"][0]["finish_reason"] == "tool_calls"


def called(index, call_id, name):
    return {"index": index, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}


async def test_a_refusal_is_told_and_is_no_stop():
    opened, chunks, _ = await streamed(TRANSCRIPTS["refusal"])

    assert deltas(chunks)[-2:] == [{"refusal": "Not that."}, {}]
    assert opened.account.finish_reason == "content_filter"


async def test_a_whole_message_becomes_a_completion():
    answer = await provider(WHOLE, **{"request-id": "req_7"}).complete(call(tools=TOOLS, max_tokens=4_000))

    completion = answer.completion
    message = completion["choices"][0]["message"]
    assert completion["object"] == "chat.completion"
    assert (completion["id"], completion["model"]) == ("msg_5", "claude-haiku-5-5")
    assert message["content"] == "Looking."
    assert message["tool_calls"] == [
        {"id": "toolu_9", "type": "function", "function": {"name": "weather", "arguments": '{"city":"Oslo"}'}},
        {"id": "toolu_10", "type": "function", "function": {"name": "ping", "arguments": "{}"}},
    ]
    assert completion["choices"][0]["finish_reason"] == "tool_calls"
    assert completion["usage"]["prompt_tokens"] == 37
    assert answer.account.usage == Usage(fresh_input_tokens=7, cache_write_5m_input_tokens=30, output_tokens=11)
    assert answer.account.upstream_request_id == "req_7"
    assert answer.account.is_complete


@pytest.mark.parametrize(
    ("stop_reason", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("refusal", "content_filter"),
        ("pause_turn", "stop"),
        ("something_new", "stop"),
    ],
)
async def test_a_stop_reason_is_always_one_that_openai_knows(stop_reason, expected):
    content = WHOLE.replace(b'"stop_reason":"tool_use"', f'"stop_reason":"{stop_reason}"'.encode())

    answer = await provider(content).complete(call(max_tokens=10))

    assert answer.completion["choices"][0]["finish_reason"] == expected


async def test_a_long_whole_answer_is_streamed_upstream_and_put_together():
    answer = await provider(TRANSCRIPTS["tools"]).complete(call(tools=TOOLS, max_tokens=32_000))

    message = answer.completion["choices"][0]["message"]
    assert message["content"] == "Looking."
    assert message["reasoning_content"] == "Two calls."
    assert [made["function"] for made in message["tool_calls"]] == [
        {"name": "mcp.weather", "arguments": '{"city": "Oslo"}'},
        {"name": "ping", "arguments": "{}"},
    ]
    assert answer.completion["usage"]["completion_tokens"] == 60
