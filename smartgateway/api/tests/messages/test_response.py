"""Answers and errors as Anthropic's clients know them."""

import msgspec
import pytest

from smartgateway.api.messages.response import MessagesRenderer, error_body, message
from smartgateway.completions.errors import GatewayError

USER = {"role": "user", "content": "hi"}


def chunk(delta, finish_reason=None, **more):
    return {"id": "chatcmpl-7", "model": "m", "choices": [{"delta": delta, "finish_reason": finish_reason}], **more}


def events_of(chunks):
    renderer = MessagesRenderer({"messages": [USER]})
    sent = b"".join([*(renderer.chunk(entry) for entry in chunks), renderer.end()])
    return [msgspec.json.decode(frame.split(b"data: ", 1)[1]) for frame in sent.split(b"\n\n") if frame]


def test_text_and_parallel_tool_calls_stream_as_blocks_of_their_own():
    first = {"index": 0, "id": "call_a", "function": {"name": "run", "arguments": ""}}
    second = {"index": 1, "id": "call_b", "function": {"name": "stop", "arguments": "{}"}}
    usage = {"prompt_tokens": 30, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 20}}

    events = events_of(
        [
            chunk({"role": "assistant", "content": ""}),
            chunk({"content": "Wait"}),
            chunk({"tool_calls": [first]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": '{"a":1}'}}]}),
            chunk({"tool_calls": [second]}),
            chunk({}, "tool_calls"),
            {"id": "chatcmpl-7", "model": "m", "choices": [], "usage": usage},
        ]
    )

    assert [(event["type"], event.get("index")) for event in events] == [
        ("message_start", None),
        ("ping", None),
        ("content_block_start", 0),
        ("content_block_delta", 0),
        ("content_block_stop", 0),
        ("content_block_start", 1),
        ("content_block_delta", 1),
        ("content_block_stop", 1),
        ("content_block_start", 2),
        ("content_block_delta", 2),
        ("content_block_stop", 2),
        ("message_delta", None),
        ("message_stop", None),
    ]
    assert events[-2]["delta"]["stop_reason"] == "tool_use"
    assert events[-2]["usage"]["input_tokens"] == 10
    assert events[-2]["usage"]["cache_read_input_tokens"] == 20


def test_a_whole_answer_becomes_a_message():
    call = {"id": "call_a", "type": "function", "function": {"name": "run", "arguments": ""}}
    said = {"role": "assistant", "content": "On it.", "tool_calls": [call]}
    completion = {"id": "chatcmpl-7", "model": "m", "choices": [{"message": said, "finish_reason": "tool_calls"}]}

    answer = message(completion)

    assert answer["content"] == [
        {"type": "text", "text": "On it."},
        {"type": "tool_use", "id": "toolu_a", "name": "run", "input": {}},
    ]
    assert (answer["id"], answer["stop_reason"]) == ("msg_7", "tool_use")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "invalid_request", "invalid_request_error"),
        (401, "invalid_api_key", "authentication_error"),
        (429, "rate_limit_exceeded", "rate_limit_error"),
        (503, "overloaded", "overloaded_error"),
        (502, "upstream", "api_error"),
    ],
)
def test_errors_speak_anthropic(status, code, kind):
    assert error_body(GatewayError(status, code, "no"))["error"] == {"type": kind, "message": "no"}


def test_arguments_that_are_no_json_do_not_end_the_answer():
    call = {"id": "call.1", "type": "function", "function": {"name": "run", "arguments": '{"a":'}}
    said = {"role": "assistant", "content": None, "refusal": "No.", "tool_calls": [call]}
    completion = {"id": "chatcmpl-7", "model": "m", "choices": [{"message": said, "finish_reason": "tool_calls"}]}

    content = message(completion)["content"]

    assert content == [
        {"type": "text", "text": "No."},
        {"type": "tool_use", "id": "toolu_call_1", "name": "run", "input": {"invalid_json_arguments": '{"a":'}},
    ]


def test_an_error_keeps_claudes_own_words_in_one_line_of_an_event():
    error = GatewayError(529, "overloaded", "busy")
    error.upstream_body = b'{\n "type": "error",\n "error": {"type": "overloaded_error", "message": "Overloaded"}}'

    frame = MessagesRenderer({"messages": [USER]}).error(error)

    assert frame == (
        b'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n'
    )


def test_interleaved_fragments_reach_the_call_that_they_belong_to():
    events = events_of(
        [
            chunk({"tool_calls": [{"index": 0, "id": "a", "function": {"name": "one", "arguments": '{"x":'}}]}),
            chunk({"tool_calls": [{"index": 1, "id": "b", "function": {"name": "two", "arguments": '{"y":'}}]}),
            chunk({"tool_calls": [{"index": 0, "function": {"arguments": "1}"}}]}),
            chunk({"tool_calls": [{"index": 1, "id": "b", "function": {"arguments": "2}"}}]}),
            chunk({}, "tool_calls"),
        ]
    )

    deltas = [(event["index"], event["delta"]["partial_json"]) for event in events if "partial_json" in str(event)]
    assert deltas == [(0, '{"x":'), (1, '{"y":'), (0, "1}"), (1, "2}")]


def test_calls_without_number_or_id_are_told_apart_and_named():
    events = events_of(
        [
            chunk({"tool_calls": [{"id": "a", "function": {"name": "one"}}]}),
            chunk({"tool_calls": [{"function": {"arguments": "{}"}}]}),
            chunk({"tool_calls": [{"id": "b", "function": {"name": "two", "arguments": "{}"}}]}),
            chunk({"tool_calls": [{"index": 2, "function": {"name": "three", "arguments": "{}"}}]}),
            chunk({}, "tool_calls"),
        ]
    )

    blocks = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    assert [block["name"] for block in blocks] == ["one", "two", "three"]
    assert len({block["id"] for block in blocks}) == 3
    assert all(len(block["id"]) > len("toolu_") for block in blocks)


def test_a_server_that_calls_a_tool_and_says_stop_does_not_end_an_agents_work():
    call = {"index": 0, "id": "a", "type": "function", "function": {"name": "one", "arguments": "{}"}}
    said = {"message": {"content": None, "tool_calls": [call]}, "finish_reason": "stop"}

    whole = message({"id": "chatcmpl-7", "model": "m", "choices": [said]})
    events = events_of([chunk({"tool_calls": [call]}), chunk({}, "stop")])

    assert whole["stop_reason"] == events[-2]["delta"]["stop_reason"] == "tool_use"
