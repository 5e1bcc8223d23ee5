"""Claude's answers on their way to a client that speaks its dialect: as bytes."""

import json

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.types import Usage
from routing.providers.anthropic import Anthropic, headers
from routing.providers.base import Call, ProviderError, ProviderUnavailableError, RateLimitedError
from routing.tests.providers.replies import Pieces, answering, cut, outcome_of, transcript, upstream

NAMES = ("text", "tools", "refusal", "foreign")
TRANSCRIPTS = {name: transcript(f"anthropic/{name}.sse") for name in NAMES}
OVERLOADED = transcript("anthropic/overloaded.sse")
WHOLE = transcript("anthropic/whole.json")
BODY = b'{"model":"claude-opus-5-5","max_tokens":5000,"messages":[{"role":"user","content":"Hi"}]}'
MEMBERS = msgspec.json.decode(BODY, type=dict[str, msgspec.Raw])


def call(**more):
    body = {"messages": [{"role": "user", "content": "Hi"}]}
    return Call("claude-opus-5-5", body, "attempt-1", dialect="anthropic", raw=MEMBERS, **more)


def provider(content, status=200, **given):
    return Anthropic(upstream(answering(content, status, {"content-type": "text/event-stream", **given})))


async def streamed(content):
    pieces = content if isinstance(content, httpx.AsyncByteStream) else Pieces(content)
    opened = await provider(pieces).stream(call())
    passed, error = await outcome_of(opened)
    return opened, b"".join(passed), error


@pytest.mark.parametrize("name", NAMES)
async def test_a_stream_passes_byte_for_byte_with_its_end_kept_back(name):
    content = TRANSCRIPTS[name]

    opened, passed, error = await streamed(content)

    assert error is None
    assert opened.is_raw
    assert passed + opened.tail == content
    assert b'"stop_reason":"' not in passed.replace(b" ", b"")
    assert opened.tail.startswith(b"event: message_delta")
    assert opened.account.is_complete


@pytest.mark.parametrize("name", NAMES[:3])
async def test_the_account_is_the_same_as_of_a_translated_stream(name):
    translated = await provider(TRANSCRIPTS[name]).stream(Call("claude-opus-5-5", call().body, "attempt-1"))
    await outcome_of(translated)

    opened, _, _ = await streamed(TRANSCRIPTS[name])

    assert opened.account == translated.account


@pytest.mark.parametrize("name", NAMES)
@given(places=st.lists(st.integers(0, 10_000), max_size=12), with_crlf=st.booleans())
async def test_any_split_of_a_stream_gives_the_same_bytes(name, places, with_crlf):
    content = TRANSCRIPTS[name].replace(b"\n", b"\r\n") if with_crlf else TRANSCRIPTS[name]
    whole, expected, _ = await streamed(content)

    opened, passed, error = await streamed(Pieces(*cut(content, places)))

    assert (passed, opened.tail, error) == (expected, whole.tail, None)
    assert opened.account == whole.account


@given(places=st.lists(st.integers(0, 10_000), max_size=12))
async def test_an_error_event_is_a_failure_after_what_came_before_it(places):
    before = OVERLOADED[: OVERLOADED.index(b"event: error")]

    opened, passed, error = await streamed(Pieces(*cut(OVERLOADED, places)))

    assert isinstance(error, RateLimitedError)
    assert json.loads(error.body)["error"]["type"] == "overloaded_error"
    assert passed == before
    assert not opened.account.is_complete


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
async def test_a_stream_that_ends_early_never_passes_for_an_answer(name, data):
    content = TRANSCRIPTS[name]
    length = data.draw(st.integers(0, content.rindex(b"message_stop")))

    opened, passed, error = await streamed(content[:length])

    assert isinstance(error, ProviderUnavailableError)
    assert content.startswith(passed.rstrip(b"\n"))
    assert b"event: message_stop" not in passed
    assert not opened.account.is_complete


@given(garbage=st.binary(max_size=300), frame=st.booleans())
async def test_garbage_ends_in_an_error(garbage, frame):
    content = b"data: " + garbage + b"\n\n" if frame else garbage

    opened, _, error = await streamed(content)

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    with pytest.raises(ProviderError):
        await provider(garbage).complete(call())


async def test_a_frame_leaves_with_the_read_that_completes_it():
    frames = [frame + b"\n\n" for frame in TRANSCRIPTS["text"].split(b"\n\n")][:-1]

    opened = await provider(Pieces(*frames)).stream(call())

    assert [await anext(opened.batches) for _ in frames[:-2]] == frames[:-2]
    await opened.batches.aclose()


async def test_a_closed_stream_closes_the_upstream():
    pieces = Pieces(TRANSCRIPTS["text"])
    opened = await provider(pieces).stream(call())
    await anext(opened.batches)

    await opened.batches.aclose()

    assert pieces.is_closed


async def test_a_whole_answer_passes_byte_for_byte_with_its_usage_read():
    answer = await provider(WHOLE, **{"request-id": "req_7"}).complete(call())

    assert answer.raw == WHOLE
    assert answer.account.usage == Usage(fresh_input_tokens=7, cache_write_5m_input_tokens=30, output_tokens=11)
    assert (answer.account.response_model, answer.account.finish_reason) == ("claude-haiku-5-5", "tool_calls")
    assert answer.account.upstream_request_id == "req_7"


@pytest.mark.parametrize("is_counting", [False, True])
async def test_version_and_beta_of_the_client_go_along_and_its_keys_do_not(is_counting):
    seen = []
    handler = answering(WHOLE)
    claude = Anthropic(upstream(lambda request: seen.append(request) or handler(request), headers("sk-ant-1")))
    told = {"anthropic-version": "2023-06-01", "anthropic-beta": "a-1,b-2"}
    asked = call(headers=told, is_beta=True)

    await (claude.count_tokens(asked) if is_counting else claude.complete(asked))

    path = "/v1/messages/count_tokens" if is_counting else "/v1/messages"
    assert (seen[0].url.path, seen[0].url.query) == (path, b"beta=true")
    assert seen[0].headers.get_list("anthropic-version") == ["2023-06-01"]
    assert seen[0].headers["anthropic-beta"] == "a-1,b-2"
    assert seen[0].headers.get_list("x-api-key") == ["sk-ant-1"]
    assert "authorization" not in seen[0].headers


async def test_a_refusal_keeps_what_claude_said():
    said = b'{"type": "error", "error": {"type": "invalid_request_error", "message": "no"}, "request_id": "req_1"}'

    with pytest.raises(ProviderError) as caught:
        await provider(said, 400).stream(call())

    assert (caught.value.status, caught.value.body) == (400, said)


async def test_trouble_with_our_own_key_keeps_nothing_of_what_claude_said():
    said = b'{"type": "error", "error": {"type": "authentication_error", "message": "invalid x-api-key"}}'

    with pytest.raises(ProviderError) as caught:
        await provider(said, 401).stream(call())

    assert caught.value.body == b""
