"""Any conversation keeps its meaning on the way to every provider."""

import json

from hypothesis import given
from hypothesis import strategies as st

from routing.providers.anthropic import request as claude
from routing.providers.base import Call
from routing.providers.ollama import request as ollama
from smartgateway.api.tests.responses.items import PATCH, RUN, WORDS, read
from tests.doubles.anthropic.rules import complaint_about
from tests.doubles.anthropic.shape import misshapen

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
