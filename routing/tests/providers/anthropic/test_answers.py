import json

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.types import Usage
from routing.providers.anthropic import Anthropic, headers
from routing.providers.base import (
    Call,
    ProviderError,
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from routing.tests.providers.replies import Pieces, answering, cut, outcome_of, transcript, upstream

NAMES = ("text", "tools", "refusal", "overloaded")
TRANSCRIPTS = {name: transcript(f"anthropic/{name}.sse") for name in NAMES}
WHOLE = transcript("anthropic/whole.json")
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("mcp.weather", "ping")]


def call(**body):
    return Call("claude-opus-5-5", {"messages": [{"role": "user", "content": "Hi"}], **body}, "attempt-1")


def provider(content, status=200, **given):
    return Anthropic(upstream(answering(content, status, {"content-type": "text/event-stream", **given})))


async def streamed(content, **body):
    stream = content if isinstance(content, httpx.AsyncByteStream) else Pieces(content)
    opened = await provider(stream).stream(call(tools=TOOLS, **body))
    chunks, error = await outcome_of(opened)
    for chunk in chunks:
        chunk.pop("created")
    return opened, chunks, error


def deltas(chunks):
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


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


async def test_an_error_event_is_an_error_of_its_own_kind():
    opened, chunks, error = await streamed(TRANSCRIPTS["overloaded"])

    assert isinstance(error, RateLimitedError)
    assert (error.kind, error.status) == ("overloaded", 529)
    assert deltas(chunks)[-1] == {"content": "Well"}
    assert not opened.account.is_complete
    assert opened.account.usage.fresh_input_tokens == 5


@pytest.mark.parametrize("name", NAMES)
@given(places=st.lists(st.integers(0, 10_000), max_size=12), with_crlf=st.booleans())
async def test_any_split_of_a_stream_gives_the_same_chunks(name, places, with_crlf):
    content = TRANSCRIPTS[name].replace(b"\n", b"\r\n") if with_crlf else TRANSCRIPTS[name]
    whole, expected, expected_error = await streamed(content)

    opened, chunks, error = await streamed(Pieces(*cut(content, places)))

    assert chunks == expected
    assert opened.account == whole.account
    assert type(error) is type(expected_error)


@given(st.integers(0, len(TRANSCRIPTS["text"]) - 30))
async def test_a_stream_that_ends_early_is_never_a_stop(length):
    opened, chunks, error = await streamed(TRANSCRIPTS["text"][:length])

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)


WORDS = st.sampled_from(["message_start", "message_delta", "message_stop", "content_block_start", "text"])
MEMBERS = st.sampled_from(["type", "message", "delta", "index", "content_block", "usage", "id"])
NEARLY_EVENTS = st.recursive(
    st.none() | st.integers() | WORDS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner)
)


@given(st.binary(max_size=200) | NEARLY_EVENTS.map(lambda value: json.dumps(value).encode()))
async def test_garbage_ends_in_an_error(garbage):
    opened, _, error = await streamed(b"data: " + garbage + b"\n\n")

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    with pytest.raises(ProviderError):
        await provider(garbage).complete(call(max_tokens=10))


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


def error_body(kind, message="Sorry", **details):
    return json.dumps({"type": "error", "error": {"type": kind, "message": message, **details}}).encode()


SPENT = error_body("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"})


@pytest.mark.parametrize(
    ("status", "content", "given", "error", "kind", "is_retryable"),
    [
        (400, error_body("invalid_request_error"), {}, ProviderRejectedError, "invalid_request_error", False),
        (
            400,
            error_body("x", "prompt is too long: 9 > 8"),
            {},
            ProviderRejectedError,
            "context_length_exceeded",
            False,
        ),
        (401, error_body("authentication_error"), {}, ProviderMisconfiguredError, "not_authorized", False),
        (402, error_body("billing_error"), {}, ProviderMisconfiguredError, "billing", False),
        (403, error_body("permission_error"), {}, ProviderMisconfiguredError, "not_authorized", False),
        (404, error_body("not_found_error"), {}, ProviderRejectedError, "model_not_found", False),
        (413, error_body("request_too_large"), {}, ProviderRejectedError, "request_too_large", False),
        (429, error_body("rate_limit_error"), {"retry-after": "3"}, RateLimitedError, "rate_limited", True),
        (429, SPENT, {}, RateLimitedError, "spend_limit_reached", False),
        (500, error_body("api_error"), {}, ProviderUnavailableError, "api_error", True),
        (504, error_body("timeout_error"), {}, ProviderUnavailableError, "timeout_error", True),
        (529, error_body("overloaded_error"), {}, RateLimitedError, "overloaded", True),
        (502, b"<html>", {"content-type": "text/html"}, ProviderUnavailableError, "server_error", True),
    ],
    ids=["400", "too-long", "401", "402", "403", "404", "413", "429", "spend-limit", "500", "504", "529", "page"],
)
async def test_refusals_have_their_own_names(status, content, given, error, kind, is_retryable):
    with pytest.raises(error) as caught:
        await provider(content, status, **given).stream(call())

    assert (caught.value.kind, caught.value.status, caught.value.is_retryable) == (kind, status, is_retryable)


async def test_the_trouble_with_our_own_key_says_nothing_of_it():
    with pytest.raises(ProviderMisconfiguredError) as caught:
        await provider(error_body("authentication_error", "invalid x-api-key: sk-ant-1234"), 401).stream(call())

    assert "sk-ant" not in caught.value.message
