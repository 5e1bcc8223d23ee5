"""Answers as items and events, put together as clients put them together."""

import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent

from smartgateway.api.responses.output import response, shell
from smartgateway.api.responses.request import incoming
from smartgateway.api.responses.stream import ResponsesRenderer
from smartgateway.api.tests.responses.items import PATCH, RUN, WORDS, completion
from smartgateway.completions.errors import GatewayError

EVENT = pydantic.TypeAdapter(ResponseStreamEvent)


def chunks(*deltas, finish_reason="stop"):
    for delta in deltas:
        yield {"id": "chatcmpl-1", "model": "m", "choices": [{"delta": delta, "finish_reason": None}]}
    yield {"id": "chatcmpl-1", "model": "m", "choices": [{"delta": {}, "finish_reason": finish_reason}]}


def fragment(index, arguments, name=None):
    begin = {"id": f"call_{index}", "type": "function"} if name else {}
    return {"index": index, **begin, "function": {**({"name": name} if name else {}), "arguments": arguments}}


def renderer(**data):
    given_ = incoming({"input": "hi", **data})
    return ResponsesRenderer(shell(data, given_.toolbox), given_.toolbox)


def events_of(frames):
    payloads = [frame.partition("\ndata: ")[2] for frame in frames.decode().split("\n\n") if frame]
    for payload in payloads:
        EVENT.validate_json(payload, strict=True)
    return [json.loads(payload) for payload in payloads]


def streamed(render, *deltas, **end):
    return events_of(b"".join(render.chunk(chunk) for chunk in chunks(*deltas, **end)) + render.end())


def test_interleaved_calls_are_put_together_apart():
    events = streamed(
        renderer(tools=[RUN]),
        {"reasoning_content": "Hm."},
        {"content": "Looking."},
        {"tool_calls": [fragment(0, '{"a"', "run"), fragment(1, "", "run")]},
        {"tool_calls": [fragment(1, '{"b":2}'), fragment(0, ":1}")]},
        finish_reason="tool_calls",
    )

    output = events[-1]["response"]["output"]
    assert [item["type"] for item in output] == ["reasoning", "message", "function_call", "function_call"]
    assert [item.get("arguments") for item in output[2:]] == ['{"a":1}', '{"b":2}']
    dones = {event["output_index"]: event["item"] for event in events if event["type"] == "response.output_item.done"}
    assert [dones[index] for index in range(4)] == output


def test_an_empty_answer_is_still_a_message():
    events = streamed(renderer())

    assert events[-1]["response"]["output"][0]["content"][0]["text"] == ""


@pytest.mark.parametrize(
    ("name", "arguments", "kind", "shown"),
    [
        ("patch", '{"input":"x"}', "custom_tool_call", {"input": "x"}),
        ("patch", "no json", "custom_tool_call", {"input": "no json"}),
        ("patch", '{"other":1}', "custom_tool_call", {"input": '{"other":1}'}),
        (
            "local_shell",
            '{"command":["ls"]}',
            "local_shell_call",
            {"action": {"type": "exec", "command": ["ls"], "env": {}}},
        ),
        ("local_shell", '{"command":"ls"}', "function_call", {"arguments": '{"command":"ls"}'}),
        ("run", "", "function_call", {"arguments": "{}"}),
    ],
)
def test_a_call_is_shown_as_its_tool_was_declared(name, arguments, kind, shown):
    tools = [RUN, PATCH, {"type": "local_shell"}]
    given_ = incoming({"input": "hi", "tools": tools})
    whole = response(completion(calls=[(name, arguments)]), shell({"tools": tools}, given_.toolbox), given_.toolbox)

    events = streamed(renderer(tools=tools), {"tool_calls": [fragment(0, arguments, name)]})

    [item] = events[-1]["response"]["output"]
    assert item["type"] == whole["output"][0]["type"] == kind
    assert {name: item[name] for name in shown} == {name: whole["output"][0][name] for name in shown} == shown


def test_a_failure_shows_what_there_was_and_then_the_error():
    render = renderer()
    began = b"".join(render.chunk(chunk) for chunk in list(chunks({"content": "Al"}))[:1])

    *_, failed, error = events_of(began + render.error(GatewayError(429, "rate_limit_exceeded", "Slow down.")))

    assert (failed["type"], failed["response"]["error"]["code"]) == ("response.failed", "rate_limit_exceeded")
    assert failed["response"]["output"][0]["content"][0]["text"] == "Al"
    assert error["error"]["message"] == error["message"] == "Slow down."


def test_a_failure_before_anything_was_said_is_a_whole_stream():
    kinds = [event["type"] for event in events_of(renderer().error(GatewayError(502, "gone", "Gone.")))]

    assert kinds == ["response.created", "response.in_progress", "response.failed", "error"]


@given(
    st.lists(
        st.sampled_from(["content", "reasoning_content", "refusal"]).flatmap(
            lambda name: st.fixed_dictionaries({name: WORDS})
        )
    )
)
def test_a_stream_ends_in_what_its_deltas_add_up_to(deltas):
    events = streamed(renderer(), *deltas)

    final = Response.model_validate(events[-1]["response"])
    texts = "".join(delta.get("content", "") for delta in deltas)
    assert final.output_text == texts
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
