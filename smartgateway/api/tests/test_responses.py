import json

import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st
from openai.types.responses import Response, ResponseStreamEvent

from routing.providers.anthropic import request as claude
from routing.providers.base import Call
from routing.providers.ollama import request as ollama
from smartgateway.api.responses.output import response, shell
from smartgateway.api.responses.request import incoming
from smartgateway.api.responses.stream import ResponsesRenderer
from smartgateway.completions.errors import BadRequestError, GatewayError
from tests.doubles.anthropic.rules import complaint_about
from tests.doubles.anthropic.shape import misshapen

EVENT = pydantic.TypeAdapter(ResponseStreamEvent)
RUN = {"type": "function", "name": "run", "parameters": {"type": "object", "properties": {}}}
PATCH = {"type": "custom", "name": "patch", "description": "Edits.", "format": {"type": "text"}}
GRAMMAR = {"type": "grammar", "syntax": "lark", "definition": "start: WORD"}


def read(*items, **members):
    return incoming({"input": list(items), **members})


def test_calls_that_follow_one_another_are_one_turn_with_their_text():
    messages = read(
        {"role": "user", "content": "go"},
        {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking."}]},
        {"type": "function_call", "call_id": "1", "name": "run", "arguments": "{}"},
        {"type": "custom_tool_call", "call_id": "2", "name": "patch", "input": "a\nb"},
        {"type": "function_call_output", "call_id": "1", "output": "one"},
        {"type": "custom_tool_call_output", "call_id": "2", "output": [{"type": "input_text", "text": "two"}]},
    ).body["messages"]

    assert [message["role"] for message in messages] == ["user", "assistant", "tool", "tool"]
    assert messages[1]["content"] == "Looking."
    assert [(call["id"], call["function"]["arguments"]) for call in messages[1]["tool_calls"]] == [
        ("1", "{}"),
        ("2", '{"input":"a\\nb"}'),
    ]
    assert [(message["tool_call_id"], message["content"]) for message in messages[2:]] == [("1", "one"), ("2", "two")]


def test_parts_of_instructions_stay_paragraphs_of_their_own():
    parts = [{"type": "input_text", "text": "A"}, {"type": "input_text", "text": "B"}]

    messages = read({"role": "developer", "content": parts}, {"role": "developer", "content": parts}).body["messages"]

    assert messages == [{"role": "system", "content": "A\n\nB\n\nA\n\nB"}]


def test_leading_instructions_are_one_system_message_and_a_late_one_stays_where_it_is():
    messages = read(
        {"role": "developer", "content": "B"},
        {"role": "user", "content": "go"},
        {"role": "developer", "content": "C"},
        instructions="A",
    ).body["messages"]

    assert [(message["role"], message["content"]) for message in messages] == [
        ("system", "A\n\nB"),
        ("user", "go"),
        ("system", "C"),
    ]


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ({"max_output_tokens": 9}, {"max_tokens": 9}),
        ({"reasoning": {"effort": "low", "summary": "auto"}}, {"reasoning_effort": "low"}),
        ({"text": {"verbosity": "low"}}, {"verbosity": "low"}),
        ({"text": {"format": {"type": "text"}}}, {}),
        ({"text": {"format": {"type": "json_object"}}}, {"response_format": {"type": "json_object"}}),
        ({"stream": True}, {"stream": True, "stream_options": {"include_usage": True}}),
        ({"temperature": 0.2, "top_p": 1, "user": "ada"}, {"temperature": 0.2, "top_p": 1, "user": "ada"}),
        ({"seed": 7, "some_new_field": [1]}, {"seed": 7, "some_new_field": [1]}),
        ({"store": False, "background": False, "truncation": "disabled", "metadata": {"a": "b"}}, {}),
        ({"parallel_tool_calls": True, "tool_choice": "auto", "tools": []}, {}),
    ],
)
def test_members_find_their_place(given, found):
    body = incoming({"input": "hi", **given}).body

    assert body == {"messages": [{"role": "user", "content": "hi"}], **found}


@pytest.mark.parametrize(
    ("given", "dropped"),
    [
        ({"truncation": "auto"}, "truncation"),
        ({"include": ["reasoning.encrypted_content"]}, "include"),
        ({"max_tool_calls": 3}, "max_tool_calls"),
        ({"tools": [RUN, {"type": "web_search"}]}, "tools.web_search"),
        ({"input": [{"role": "user", "content": "hi"}, {"type": "reasoning", "summary": []}]}, "input.reasoning"),
    ],
)
def test_what_no_model_is_told_is_named(given, dropped):
    assert incoming({"input": "hi", **given}).dropped == (dropped,)


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ([], None),
        ({}, "input"),
        ({"input": []}, "input"),
        ({"input": ""}, "input"),
        ({"input": 5}, "input"),
        ({"input": [5]}, "input[0]"),
        ({"input": [{}]}, "input[0].role"),
        ({"input": [{"role": "tool", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [5]}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "file_id": "f"}]}]}, "input[0].content"),
        ({"input": [{"type": "item_reference", "id": "x"}]}, "input[0]"),
        ({"input": [{"type": ["x"]}]}, "input[0]"),
        ({"input": [{"type": "function_call", "call_id": "1"}]}, "input[0]"),
        ({"input": [{"type": "function_call_output", "output": "x"}]}, "input[0].call_id"),
        ({"input": [{"role": "user", "content": "x"}] * 10_001}, "input"),
        ({"input": "hi", "messages": []}, "messages"),
        ({"input": "hi", "prompt": {"id": "p"}}, "prompt"),
        ({"input": "hi", "store": True}, "store"),
        ({"input": "hi", "instructions": 5}, "instructions"),
        ({"input": "hi", "tools": {}}, "tools"),
        ({"input": "hi", "tools": [{"type": "function"}]}, "tools"),
        ({"input": "hi", "tools": [{"type": "namespace", "name": "n", "tools": [5]}]}, "tools"),
        ({"input": "hi", "tools": [{"type": "web_search"}]}, "tools"),
        ({"input": "hi", "tools": [RUN], "tool_choice": {"type": "web_search"}}, "tool_choice"),
        ({"input": "hi", "tools": [RUN], "tool_choice": {"type": "function", "name": "walk"}}, "tool_choice"),
        ({"input": "hi", "tools": [RUN], "tool_choice": {"type": "allowed_tools"}}, "tool_choice"),
        ({"input": "hi", "tools": [RUN], "tool_choice": 5}, "tool_choice"),
        ({"input": "hi", "text": {"format": "json"}}, "text.format"),
        ({"input": "hi", "text": {"format": {"type": "json_schema"}}}, "text.format"),
    ],
)
def test_what_cannot_be_served_is_refused_by_name(data, param):
    with pytest.raises(BadRequestError) as caught:
        incoming(data)

    assert caught.value.param == param


@pytest.mark.parametrize(
    ("choice", "names", "found"),
    [
        ("required", ["run", "patch"], "required"),
        ({"type": "function", "name": "run"}, ["run", "patch"], {"type": "function", "function": {"name": "run"}}),
        ({"type": "custom", "name": "patch"}, ["run", "patch"], {"type": "function", "function": {"name": "patch"}}),
        (
            {"type": "allowed_tools", "mode": "required", "tools": [{"type": "custom", "name": "patch"}]},
            ["patch"],
            "required",
        ),
    ],
)
def test_a_choice_among_tools_is_kept(choice, names, found):
    body = incoming({"input": "hi", "tools": [RUN, PATCH], "tool_choice": choice}).body

    assert [tool["function"]["name"] for tool in body["tools"]] == names
    assert body["tool_choice"] == found


def test_a_grammar_is_told_to_the_model():
    [tool] = incoming({"input": "hi", "tools": [{**PATCH, "format": GRAMMAR}]}).body["tools"]

    assert tool["function"]["description"] == "Edits.\n\nThe input follows this grammar (lark):\nstart: WORD"


def test_tools_of_a_namespace_are_called_by_it():
    namespace = {"type": "namespace", "name": "crm", "description": "", "tools": [RUN]}
    data = {"input": "hi", "tools": [namespace]}
    given_ = incoming(data)

    [call] = response(completion(calls=[("crm__run", "{}")]), shell(data, given_.toolbox), given_.toolbox)["output"]

    assert given_.body["tools"][0]["function"]["name"] == "crm__run"
    assert (call["name"], call["namespace"]) == ("run", "crm")


def completion(*, calls=(), finish_reason="stop", **said):
    made = [
        {"id": f"call_{index}", "type": "function", "function": {"name": name, "arguments": arguments}}
        for index, (name, arguments) in enumerate(calls)
    ]
    message = {"role": "assistant", "content": None, **said, **({"tool_calls": made} if made else {})}
    choices = [{"index": 0, "message": message, "finish_reason": finish_reason}]
    return {"id": "chatcmpl-1", "model": "m", "choices": choices}


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


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20).map(lambda text: f"w{text}w")
ARGUMENTS = st.dictionaries(WORDS, st.none() | st.integers(-(2**60), 2**60) | WORDS | st.lists(WORDS), max_size=3)
STEP = st.tuples(WORDS, WORDS | st.just(""), st.lists(st.tuples(ARGUMENTS, WORDS, st.booleans()), max_size=3))
SETTINGS = st.fixed_dictionaries(
    {},
    optional={
        "instructions": WORDS,
        "max_output_tokens": st.integers(1, 9999),
        "temperature": st.floats(0, 2),
        "reasoning": st.fixed_dictionaries({"effort": st.sampled_from(["minimal", "low", "medium", "high"])}),
        "parallel_tool_calls": st.booleans(),
        "tool_choice": st.sampled_from(["auto", "none", {"type": "function", "name": "run"}]),
        "text": st.just({"format": {"type": "json_schema", "name": "n", "schema": RUN["parameters"]}}),
        "store": st.just(False),
        "metadata": st.dictionaries(WORDS, WORDS, max_size=2),
    },
)


def items_of(steps):
    """Asks, answers, calls (of the function or the freeform tool) and their results, as codex would send them back."""
    number = 0
    for ask, answer, calls in steps:
        yield {"type": "message", "role": "user", "content": [{"type": "input_text", "text": ask}]}
        if answer:
            yield {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": answer}]}
        results = []
        for arguments, result, is_custom in calls:
            number += 1
            called = {"call_id": f"call_{number}"}
            if is_custom:
                yield {"type": "custom_tool_call", "name": "patch", "input": json.dumps(arguments), **called}
            else:
                yield {"type": "function_call", "name": "run", "arguments": json.dumps(arguments), **called}
            kind = "custom_tool_call_output" if is_custom else "function_call_output"
            results.append({"type": kind, "output": result, **called})
        yield from results
    yield {"type": "message", "role": "user", "content": "last"}


def said_in(steps):
    """Texts, arguments and results in their order."""
    for ask, answer, calls in steps:
        yield ask
        yield from [answer] * bool(answer)
        yield from [{"input": json.dumps(given)} if is_custom else given for given, _, is_custom in calls]
        yield from [result for _, result, _ in calls]
    yield "last"


def told_claude(body):
    for turn in body["messages"]:
        for block in turn["content"]:
            if block["type"] == "text":
                yield block["text"]
            elif block["type"] == "tool_use":
                yield block["input"]
            else:
                yield from (inner["text"] for inner in block["content"])


def told_ollama(body):
    for message in body["messages"]:
        if message["role"] != "system":
            yield from [message["content"]] * bool(message["content"])
            yield from (call["function"]["arguments"] for call in message.get("tool_calls", ()))


@given(st.lists(STEP, max_size=4), SETTINGS)
def test_any_conversation_survives_to_every_provider_with_its_meaning(steps, settings):
    body = read(*items_of(steps), tools=[RUN, PATCH], model="auto", **settings).body
    call = Call(model="claude-sonnet-5-5", body=body, attempt_id="0")

    to_claude = claude.build(call).body
    to_ollama = ollama.build(call, num_ctx=8192, keep_alive="30m", thinks=True).body

    assert misshapen(to_claude) is None
    assert complaint_about(to_claude) is None
    assert list(told_claude(to_claude)) == list(said_in(steps))
    assert list(told_ollama(to_ollama)) == list(said_in(steps))
    if "instructions" in settings:
        assert to_claude["system"][0]["text"] == settings["instructions"]
        assert to_ollama["messages"][0]["content"].startswith(settings["instructions"])


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
