"""Streams that break off, end early or are left: never called whole."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.base import ProviderError, ProviderUnavailableError
from routing.providers.openai_compatible import OpenAICompatible
from routing.tests.providers.openai_compatible.asks import RAW, TEXT, call, streamed
from routing.tests.providers.replies import Pieces, answering, upstream


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
