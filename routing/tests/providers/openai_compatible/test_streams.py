"""Streams, passed on as bytes or told in indoor form, however they are cut."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.types import Usage
from routing.tests.providers.openai_compatible.asks import TEXT, streamed
from routing.tests.providers.replies import Pieces, cut


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
