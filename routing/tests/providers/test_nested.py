"""Members inside of members that a provider is not told, by name."""

import pytest

from routing.providers.anthropic import request as claude
from routing.providers.base import Call
from routing.providers.ollama import request as ollama

PNG = "data:image/png;base64,iVBORw0KGgo="
MARKED = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
CLOSED = {"type": "object", "properties": {}, "additionalProperties": False}


def dropped_for_claude(body):
    return claude.build(Call("claude-opus-5-5", body, "attempt")).dropped


def dropped_for_ollama(body):
    call = Call("qwen", body, "attempt")
    return ollama.build(call, num_ctx=4096, keep_alive="5m", thinks=False).dropped


BOTH = pytest.mark.parametrize("dropped_for", [dropped_for_claude, dropped_for_ollama])


def seen(**image):
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PNG, **image}}]}]


def cited(**more):
    return [{"role": "user", "content": [{"type": "text", "text": "Hi", **more}]}]


@BOTH
@pytest.mark.parametrize(
    ("messages", "dropped"),
    [
        ([{"role": "user", "name": "ann", "content": "Hi"}] * 3, ["messages.name"]),
        ([{"role": "user", "name": "", "content": "Hi"}], []),
        (seen(detail="high"), ["messages.image_url.detail"]),
        (seen(detail="auto"), []),
        (seen(), []),
        (cited(annotations=[{"type": "url_citation"}]), ["messages.citations"]),
        (cited(annotations=[]), []),
    ],
)
def test_what_stands_inside_a_message_and_is_not_told_is_named_once(dropped_for, messages, dropped):
    assert dropped_for({"messages": messages}) == dropped


def test_a_spoken_answer_that_is_sent_again_is_named():
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho", "audio": {"id": "audio_1"}}]

    assert dropped_for_ollama({"messages": messages}) == ["messages.audio"]


@pytest.mark.parametrize(("is_strict", "dropped"), [(True, ["tools.strict"]), (False, []), (None, [])])
def test_ollama_holds_no_call_to_its_schema_and_that_is_named(is_strict, dropped):
    function = {"name": "run", "parameters": CLOSED, "strict": is_strict}
    body = {"messages": [{"role": "user", "content": "Hi"}], "tools": [{"type": "function", "function": function}]}

    assert dropped_for_ollama(body) == dropped


@pytest.mark.parametrize(("count", "dropped"), [(4, []), (5, ["cache_control"])])
def test_cache_markers_that_claude_does_not_take_are_named(count, dropped):
    assert dropped_for_claude({"messages": [{"role": "user", "content": [MARKED] * count}]}) == dropped


def asking_for(schema):
    shape = {"type": "json_schema", "json_schema": {"name": "x", "strict": True, "schema": schema}}
    return {"messages": [{"role": "user", "content": "Hi"}], "response_format": shape}


@pytest.mark.parametrize(
    ("age", "dropped"),
    [
        ({"type": "integer", "minimum": 0}, ["response_format.schema"]),
        ({"type": "array", "items": {"anyOf": [{"type": "string", "maxLength": 3}]}}, ["response_format.schema"]),
        ({"type": "array", "minItems": 4}, ["response_format.schema"]),
        ({"type": "object", "additionalProperties": {"type": "string"}}, ["response_format.schema"]),
        ({"type": "array", "minItems": 1}, []),
        ({"type": "object", "properties": {"minimum": {"type": "integer", "enum": [{"maxLength": 3}]}}}, []),
        ({"type": "integer", "description": "years"}, []),
    ],
)
def test_a_schema_that_claude_holds_to_only_in_part_is_named(age, dropped):
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", "type": "object", "properties": {"age": age}}

    assert dropped_for_claude(asking_for(schema)) == dropped
    assert dropped_for_ollama(asking_for(schema)) == []
