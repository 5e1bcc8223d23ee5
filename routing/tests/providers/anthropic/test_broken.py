"""Streams that fail, break off or are nonsense, and however they are cut."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.base import ProviderError, ProviderUnavailableError, RateLimitedError
from routing.tests.providers.anthropic.answering import NAMES, TRANSCRIPTS, call, deltas, provider, streamed
from routing.tests.providers.replies import Pieces, cut


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
