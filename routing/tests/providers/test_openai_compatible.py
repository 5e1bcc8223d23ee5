import asyncio
import gzip
import json
from contextlib import nullcontext

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.types import Usage
from routing.providers.base import (
    Call,
    ProviderError,
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RateLimitedError,
    Timeouts,
)
from routing.providers.http import PlainTransport, Upstream
from routing.providers.openai_compatible import OpenAICompatible, request_of
from routing.providers.transport import FastTransport
from routing.tests.providers.replies import Pieces, answering, cut, outcome_of, transcript, upstream

BODY = {"messages": [{"role": "user", "content": "Hi"}]}
RAW = {"model": b'"auto"', "provider": b'"local"', "messages": b'[{"role":"user","content":"Hi"}]', "seed": b"1e400"}
TEXT = transcript("openai/text.sse")
WHOLE = transcript("openai/whole.json")


def call(raw=None, **body) -> Call:
    members = None if raw is None else {name: msgspec.Raw(value) for name, value in raw.items()}
    return Call("qwen", {**BODY, **body}, attempt_id="attempt-1", raw=members)


async def streamed(content, raw=RAW, **body):
    stream = content if isinstance(content, httpx.AsyncByteStream) else Pieces(content)
    provider = OpenAICompatible(upstream(answering(stream, headers={"content-type": "text/event-stream"})))
    opened = await provider.stream(call(raw, **body))
    chunks, error = await outcome_of(opened)
    return opened, chunks, error


async def test_a_same_dialect_request_is_joined_from_its_own_members():
    seen = []
    handler = answering(WHOLE)
    provider = OpenAICompatible(upstream(lambda request: seen.append(request) or handler(request)))

    await provider.complete(call(RAW))

    assert seen[0].content == b'{"messages":[{"role":"user","content":"Hi"}],"seed":1e400,"model":"qwen"}'
    assert seen[0].url == "http://upstream.test/v1/chat/completions"
    assert seen[0].headers["x-request-id"] == "attempt-1"
    assert seen[0].headers["content-length"] == str(len(seen[0].content))


async def test_a_translated_request_is_encoded_and_answered_in_indoor_form():
    seen = []
    handler = answering(WHOLE)
    provider = OpenAICompatible(upstream(lambda request: seen.append(request) or handler(request)))

    answer = await provider.complete(call(None, temperature=0))

    assert json.loads(seen[0].content) == {**BODY, "temperature": 0, "model": "qwen"}
    assert answer.raw is None
    assert answer.completion["choices"][0]["message"]["content"] == "Hello"


async def test_a_whole_answer_passes_as_bytes_with_its_account_read():
    provider = OpenAICompatible(upstream(answering(WHOLE, headers={"x-request-id": "up-1"})))

    answer = await provider.complete(call(RAW))

    assert answer.raw == WHOLE
    account = answer.account
    assert (account.response_id, account.response_model, account.finish_reason) == ("chatcmpl-9", "qwen", "stop")
    assert account.usage == Usage(fresh_input_tokens=10, output_tokens=2, reasoning_tokens=1)
    assert account.upstream_request_id == "up-1"
    assert account.is_complete


async def test_an_answer_without_usage_is_estimated_rather_than_zero():
    content = b'{"id":"1","model":"m","choices":[{"finish_reason":"stop","message":{"content":"Hello there"}}]}'
    provider = OpenAICompatible(upstream(answering(content)))

    answer = await provider.complete(call(RAW))

    assert answer.account.usage == Usage(fresh_input_tokens=2, output_tokens=3, is_estimated=True)


def sent(raw=None, **body):
    return msgspec.json.decode(request_of(call(raw, **body))[0])


@pytest.mark.parametrize("raw", [None, {**RAW, "seed": b"1", "max_completion_tokens": b"7"}], ids=["encoded", "joined"])
def test_the_limit_has_the_name_that_every_server_knows(raw):
    members = sent(raw, max_completion_tokens=7)

    assert members["max_tokens"] == 7
    assert "max_completion_tokens" not in members


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(
    ("limit", "window", "characters", "is_kept"),
    [
        (16_000, 8_192, 10, False),
        (8_000, 8_192, 3_000, False),
        (8_000, 8_192, 300, True),
        (2_000, 8_192, 90_000, True),
        (16_000, None, 10, True),
    ],
    ids=["more than all", "no room beside the prompt", "room", "too long a prompt is the servers to say", "unknown"],
)
def test_a_limit_that_the_context_has_no_room_for_is_left_out_and_named(name, limit, window, characters, is_kept):
    body = {"messages": [{"role": "user", "content": "x" * characters}], name: limit}

    content, dropped = request_of(call(None, **body), window)

    assert ("max_tokens" in json.loads(content)) is is_kept
    assert dropped == ([] if is_kept else ["max_tokens"])


def test_developers_speak_as_the_system():
    messages = [{"role": "developer", "content": "Be brief"}, {"role": "user", "content": "Hi"}]

    members = sent({"messages": msgspec.json.encode(messages)}, messages=messages)

    assert members["messages"] == [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]


def test_a_late_system_message_of_another_dialect_is_said_by_the_user_and_marked():
    system, user = {"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}
    late = {"role": "system", "content": [{"type": "text", "text": "Now at length"}]}
    messages = [system, system, user, late]

    assert sent(messages=messages)["messages"] == [
        system,
        system,
        user,
        {"role": "user", "content": "<system_message>\nNow at length\n</system_message>"},
    ]
    assert sent({"messages": msgspec.json.encode(messages)}, messages=messages)["messages"] == messages


async def test_reasoning_has_one_name_indoors_whatever_the_server_calls_it():
    whole = b'{"id":"1","model":"m","choices":[{"finish_reason":"stop","message":{"content":"A","reasoning":"B"}}]}'
    first = b'data: {"id":"1","model":"m","choices":[{"delta":{"reasoning":"B"}}]}\n\n'
    last = b'data: {"id":"1","model":"m","choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    answer = await OpenAICompatible(upstream(answering(whole))).complete(call())
    _, chunks, _ = await streamed(first + last, raw=None)

    assert answer.completion["choices"][0]["message"]["reasoning_content"] == "B"
    assert chunks[0]["choices"][0]["delta"] == {"reasoning_content": "B"}


async def test_the_end_of_a_raw_stream_waits_in_the_tail_without_the_usage_nobody_asked_for():
    opened, chunks, error = await streamed(TEXT)

    sent = b"".join(chunks)
    assert error is None
    assert TEXT.startswith(sent)
    assert "世界".encode() in sent
    assert b'"finish_reason":"stop"' not in sent
    assert bytes(opened.tail).startswith(b'data: {"id":"chatcmpl-1"')
    assert bytes(opened.tail).endswith(b'"finish_reason":"stop"}],"usage":null}\n\ndata: [DONE]\n\n')
    assert opened.account.usage == Usage(fresh_input_tokens=8, cache_read_input_tokens=4, output_tokens=5)
    assert opened.account.is_complete


async def test_a_client_that_asks_for_usage_gets_its_chunk():
    opened, chunks, _ = await streamed(TEXT, stream_options={"include_usage": True})

    assert b"".join(chunks) + opened.tail == TEXT


async def test_usage_is_asked_for_on_the_records_behalf():
    seen = []
    handler = answering(TEXT)
    provider = OpenAICompatible(upstream(lambda request: seen.append(request) or handler(request)))

    await provider.stream(call({**RAW, "stream": b"true", "stream_options": b'{"x":1}'}, stream_options={"x": 1}))

    sent = json.loads(seen[0].content)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"x": 1, "include_usage": True}


async def test_a_translated_stream_yields_indoor_chunks_and_text():
    opened, pieces, error = await streamed(TEXT, raw=None)

    assert error is None
    assert "".join(piece for piece in pieces if isinstance(piece, str)).endswith(" 世界")
    assert pieces[-1]["choices"][0]["finish_reason"] == "stop"
    assert opened.account.is_complete


@pytest.mark.parametrize(
    "choice",
    [
        {"delta": {"content": "b", "tool_calls": [{"index": 0, "function": {"arguments": "{"}}]}},
        {"delta": {"content": "b", "reasoning_content": "hm"}},
        {"delta": {"content": "b", "annotations": []}},
        {"delta": {"content": "b"}, "logprobs": {"content": []}},
        {"delta": {"content": "b"}, "index": 1},
        {"delta": {"content": "b"}, "finish_reason": "length"},
        {"delta": {"content": ""}},
    ],
)
async def test_a_chunk_that_is_not_text_alone_stays_whole(choice):
    first = {"id": "1", "model": "m", "choices": [{"delta": {"role": "assistant"}, "finish_reason": None}]}
    chunk = {**first, "choices": [{"index": 0, "finish_reason": None, **choice}]}
    frames = [b"data: " + msgspec.json.encode(each) + b"\n\n" for each in (first, chunk)]

    _, pieces, _ = await streamed(Pieces(*frames), raw=None)

    assert pieces == [first, chunk]


async def test_a_burst_is_passed_on_in_one_piece():
    frame = b'data: {"id":"1","model":"m","choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n'
    end = b'data: {"id":"1","model":"m","choices":[{"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'

    _, chunks, _ = await streamed(Pieces(frame, frame * 50, end))

    assert chunks == [frame, frame * 50]


@pytest.mark.parametrize("space", ["", " "])
async def test_a_server_may_write_its_json_with_or_without_spaces(space):
    events = [
        {"id": "1", "model": "m", "choices": [{"delta": {"content": "a"}, "finish_reason": None}], "usage": None},
        {"id": "1", "model": "m", "choices": [{"delta": {"content": '"usage":{'}, "finish_reason": None}]},
        {"id": "1", "model": "m", "choices": [{"delta": {}, "finish_reason": "stop"}]},
        {"id": "1", "model": "m", "choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 4}},
    ]
    frames = [f"data: {json.dumps(event, separators=(',', f':{space}'))}\n\n".encode() for event in events]

    opened, chunks, error = await streamed(Pieces(*frames, b"data: [DONE]\n\n"))

    assert error is None
    assert chunks == frames[:2]
    assert opened.account.usage == Usage(fresh_input_tokens=3, output_tokens=4)


async def test_each_of_several_choices_may_finish_by_itself():
    frames = [
        b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n',
        b'data: {"id":"1","model":"m","choices":[{"index":1,"delta":{"content":"b"},"finish_reason":null}]}\n\n',
        b'data: {"id":"1","model":"m","choices":[{"index":1,"delta":{},"finish_reason":"length"}]}\n\n',
        b"data: [DONE]\n\n",
    ]

    opened, chunks, error = await streamed(Pieces(*frames), n=2)

    assert error is None
    assert chunks == frames[:2]
    assert bytes(opened.tail) == b"".join(frames[2:])


@given(st.lists(st.integers(0, 10_000), max_size=12), st.booleans())
async def test_any_split_of_a_stream_gives_the_same_bytes(places, with_crlf):
    content = TEXT.replace(b"\n", b"\r\n") if with_crlf else TEXT
    whole, expected, _ = await streamed(content)

    opened, chunks, error = await streamed(Pieces(*cut(content, places)))

    assert error is None
    assert b"".join(chunks) == b"".join(expected)
    assert opened.tail == whole.tail
    assert opened.account == whole.account


@given(st.lists(st.integers(0, 10_000), max_size=12))
async def test_any_split_of_a_stream_gives_the_same_indoor_chunks(places):
    _, expected, _ = await streamed(TEXT, raw=None)

    _, chunks, error = await streamed(Pieces(*cut(TEXT, places)), raw=None)

    assert error is None
    assert chunks == expected


@given(st.binary(max_size=300), st.booleans())
async def test_garbage_ends_in_an_error_and_nothing_is_called_complete(garbage, is_raw):
    opened, _, error = await streamed(garbage + b"\n\n" + garbage, raw=RAW if is_raw else None)

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete


@given(st.binary(max_size=300))
async def test_a_garbage_answer_is_an_error(garbage):
    provider = OpenAICompatible(upstream(answering(garbage)))

    with pytest.raises(ProviderError):
        await provider.complete(call(RAW))


@pytest.mark.parametrize("length", [0, 1, 200, 600, TEXT.index(b'"finish_reason":"stop"')])
async def test_a_stream_that_breaks_off_is_never_a_stop(length):
    stream = Pieces(TEXT[:length], error=httpx.ReadError("reset"))

    opened, _, error = await streamed(stream)

    assert isinstance(error, ProviderUnavailableError)
    assert error.kind == "broken_off"
    assert opened.tail == b""
    assert not opened.account.is_complete


async def test_a_clean_end_before_the_finish_reason_is_a_failure():
    opened, _, error = await streamed(TEXT[: TEXT.index(b'data: {"id"', 500)])

    assert error.kind == "invalid_answer"
    assert not opened.account.is_complete


async def test_a_missing_done_is_supplied_once_the_answer_is_whole():
    opened, _, error = await streamed(TEXT.removesuffix(b"data: [DONE]\n\n"))

    assert error is None
    assert opened.tail.endswith(b"data: [DONE]\n\n")
    assert opened.account.is_complete


async def test_an_error_event_ends_the_stream_after_what_came_before_it():
    frame = b'data: {"id":"1","model":"m","choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n'
    failure = b'data: {"error":{"message":"out of memory","code":500}}\n\n'

    _, chunks, error = await streamed(Pieces(frame + frame + failure))

    assert b"".join(chunks) == frame + frame
    assert "out of memory" in error.message


async def test_a_stream_closed_before_it_was_read_closes_the_connection():
    stream = Pieces(TEXT)
    provider = OpenAICompatible(upstream(answering(stream)))
    opened = await provider.stream(call(RAW))

    await opened.batches.aclose()

    assert stream.is_closed


async def test_a_stream_closed_in_the_middle_closes_the_connection():
    stream = Pieces(*(bytes([byte]) for byte in TEXT))
    provider = OpenAICompatible(upstream(answering(stream)))
    opened = await provider.stream(call(RAW))
    await anext(opened.batches)

    await opened.batches.aclose()

    assert stream.is_closed


@pytest.mark.parametrize(
    ("status", "headers", "content", "error", "kind", "is_retryable"),
    [
        pytest.param(400, {}, b'{"error":{"message":"bad"}}', ProviderRejectedError, "rejected", False, id="400"),
        pytest.param(
            400,
            {},
            b'{"error":{"message":"the request exceeds the available context size"}}',
            ProviderRejectedError,
            "context_length_exceeded",
            False,
            id="too-long",
        ),
        pytest.param(
            400,
            {},
            b'{"error":{"message":"no","type":"invalid_request_error","code":"tools_not_supported"}}',
            ProviderRejectedError,
            "tools_not_supported",
            False,
            id="code-before-type",
        ),
        pytest.param(404, {}, b"{}", ProviderRejectedError, "model_not_found", False, id="404"),
        pytest.param(401, {}, b'{"error":"who"}', ProviderMisconfiguredError, "not_authorized", False, id="401"),
        pytest.param(429, {"retry-after": "2"}, b"{}", RateLimitedError, "rate_limited", True, id="429-short"),
        pytest.param(429, {"retry-after": "60"}, b"{}", RateLimitedError, "rate_limited", False, id="429-long"),
        pytest.param(429, {}, b"{}", RateLimitedError, "rate_limited", False, id="429-without-hint"),
        pytest.param(500, {}, b"boom", ProviderUnavailableError, "server_error", True, id="500"),
        pytest.param(529, {}, b"{}", RateLimitedError, "overloaded", True, id="529"),
        pytest.param(502, {}, b"<html>x</html>", ProviderUnavailableError, "server_error", True, id="proxy-page"),
        pytest.param(200, {}, b"<html>", ProviderMisconfiguredError, "html_answer", False, id="page-as-200"),
        pytest.param(
            302,
            {"location": "https://team.cloudflareaccess.com/cdn-cgi/access/login"},
            b"",
            ProviderMisconfiguredError,
            "cloudflare_access",
            False,
            id="access-redirect",
        ),
        pytest.param(
            403,
            {},
            b"<p>Cloudflare Access: Forbidden. cloudflareaccess.com",
            ProviderMisconfiguredError,
            "cloudflare_access",
            False,
            id="access-403",
        ),
        pytest.param(
            403, {"cf-ray": "1"}, b"<p>Forbidden", ProviderMisconfiguredError, "html_answer", False, id="403-page"
        ),
        pytest.param(301, {"location": "/login"}, b"", ProviderMisconfiguredError, "html_answer", False, id="redirect"),
        pytest.param(413, {}, b"<html>", ProviderRejectedError, "request_too_large", False, id="413-page"),
    ],
)
async def test_refusals_have_their_own_names(status, headers, content, error, kind, is_retryable):
    content_type = "text/html" if content.startswith(b"<") else "application/json"
    provider = OpenAICompatible(
        upstream(answering(content, status, {"content-type": content_type, "request-id": "up-7", **headers}))
    )

    with pytest.raises(error) as caught:
        await provider.stream(call(RAW))

    assert (caught.value.kind, caught.value.is_retryable, caught.value.status) == (kind, is_retryable, status)
    assert caught.value.upstream_request_id == "up-7"


@pytest.mark.parametrize(
    ("raised", "error", "kind", "was_sent"),
    [
        (httpx.ConnectError("refused"), ProviderUnavailableError, "connect_failed", False),
        (httpx.ConnectTimeout("slow"), ProviderUnavailableError, "connect_failed", False),
        (httpx.ReadTimeout("silent"), ProviderTimeoutError, "timeout", True),
        (httpx.RemoteProtocolError("garbage"), ProviderUnavailableError, "broken_off", True),
    ],
)
async def test_trouble_on_the_line_is_told_in_our_own_tree(raised, error, kind, was_sent):
    def handler(request):
        raise raised

    provider = OpenAICompatible(upstream(handler))

    with pytest.raises(error) as caught:
        await provider.complete(call(RAW))

    assert (caught.value.kind, caught.value.was_sent) == (kind, was_sent)


@pytest.mark.parametrize("transport", [FastTransport, PlainTransport])
@pytest.mark.parametrize(("pauses", "fails"), [((0.3, 0.0), False), ((0.0, 0.3), True)], ids=["before", "between"])
async def test_the_silence_before_the_first_byte_may_be_longer_than_the_one_between_bytes(transport, pauses, fails):
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(pauses[0])
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(WHOLE) + WHOLE[:9])
        await asyncio.sleep(pauses[1])
        writer.write(WHOLE[9:])
        writer.close()
        handled.set()

    handled = asyncio.Event()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    provider = OpenAICompatible(Upstream(transport(), address, label="the server", headers={}))
    patient = Call("m", BODY, "a", timeouts=Timeouts(connect=1, first_byte=5, between_bytes=0.1))

    try:
        with pytest.raises(ProviderTimeoutError) if fails else nullcontext():
            await provider.complete(patient)
    finally:
        await handled.wait()
        await provider.aclose()
        server.close()
        await asyncio.sleep(0)


async def test_a_compressed_answer_is_understood_though_none_was_asked_for():
    content = gzip.compress(WHOLE)
    provider = OpenAICompatible(upstream(answering(content, headers={"content-encoding": "gzip"})))

    answer = await provider.complete(call(RAW))

    assert msgspec.json.decode(answer.raw)["id"] == "chatcmpl-9"
