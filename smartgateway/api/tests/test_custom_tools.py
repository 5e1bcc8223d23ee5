"""Calls of custom tools on their way back to a chat client."""

import msgspec

from smartgateway.api.custom_tools import CustomCallsRenderer, with_custom_calls

SHELL = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
FUNCTION = {"id": "call_2", "type": "function", "function": {"name": "list", "arguments": "{}"}}


def chunk(delta, finish_reason=None):
    return {**SHELL, "choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}


def fragment(index, arguments, **named):
    return {"index": index, **named, "function": {"arguments": arguments}}


def frames_of(chunks):
    renderer = CustomCallsRenderer(frozenset({"patch"}), include_usage=True)
    sent = b"".join(renderer.chunk(each) for each in chunks)
    return [msgspec.json.decode(frame.removeprefix(b"data: ")) for frame in sent.split(b"\n\n") if frame]


def test_a_streamed_custom_call_comes_in_one_piece_and_functions_as_they_are_written():
    first = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "patch", "arguments": ""}}

    frames = frames_of(
        [
            chunk({"role": "assistant", "content": ""}),
            chunk({"tool_calls": [first]}),
            chunk({"tool_calls": [fragment(0, '{"input": "***')]}),
            chunk({"tool_calls": [fragment(0, ' Begin"}')]}),
            chunk({"tool_calls": [{"index": 1, **FUNCTION}]}),
            chunk({}, "tool_calls"),
            {**SHELL, "choices": [], "usage": {"total_tokens": 3}},
        ]
    )

    deltas = [frame["choices"][0]["delta"] for frame in frames if frame["choices"]]
    custom = {"index": 0, "id": "call_1", "type": "custom", "custom": {"name": "patch", "input": "*** Begin"}}
    assert deltas == [
        {"role": "assistant", "content": ""},
        {"tool_calls": [{"index": 1, **FUNCTION}]},
        {"tool_calls": [custom]},
        {},
    ]
    reasons = [frame["choices"][0]["finish_reason"] for frame in frames if frame["choices"]]
    assert reasons == [None, None, None, "tool_calls"]
    assert frames[-1]["usage"] == {"total_tokens": 3}


def test_what_stands_beside_a_held_fragment_is_not_lost():
    first = {"index": 0, "id": "call_1", "function": {"name": "patch", "arguments": '{"input": "x"}'}}

    frames = frames_of([chunk({"content": "Now:", "tool_calls": [first]}), chunk({}, "stop")])

    assert frames[0]["choices"][0]["delta"] == {"content": "Now:"}


def test_a_whole_answer_shows_custom_calls_as_they_were_declared():
    made = {"id": "call_1", "type": "function", "function": {"name": "patch", "arguments": '{"input":"x"}'}}
    completion = {"choices": [{"message": {"content": None, "tool_calls": [made, FUNCTION]}}]}

    calls = with_custom_calls(completion, frozenset({"patch"}))["choices"][0]["message"]["tool_calls"]

    assert calls == [{"id": "call_1", "type": "custom", "custom": {"name": "patch", "input": "x"}}, FUNCTION]
