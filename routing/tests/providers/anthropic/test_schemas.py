"""JSON schemas that Claude takes, or is asked for in words."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.anthropic.request import build
from routing.providers.base import Call, ProviderRejectedError
from routing.tests.providers.anthropic.asks import OPUS, request_for, system, user


def test_a_json_schema_is_closed_and_rid_of_what_is_not_supported():
    schema = {
        "type": "object",
        "properties": {
            "minimum": {"type": "integer", "minimum": 1},
            "tags": {"type": "array", "items": {"type": "string", "maxLength": 3}, "minItems": 2, "maxItems": 4},
            "one": {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/inner"}]},
        },
        "$defs": {"inner": {"type": "object", "properties": {"a": {"enum": [1]}}}},
        "required": ["minimum"],
    }

    body = request_for(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}).body

    assert body["output_config"]["format"] == {
        "type": "json_schema",
        "schema": {
            "type": "object",
            "properties": {
                "minimum": {"type": "integer"},
                "tags": {"type": "array", "items": {"type": "string"}, "minItems": 1},
                "one": {"anyOf": [{"type": "null"}, {"$ref": "#/$defs/inner"}]},
            },
            "$defs": {"inner": {"type": "object", "properties": {"a": {"enum": [1]}}, "additionalProperties": False}},
            "required": ["minimum"],
            "additionalProperties": False,
        },
    }


TREE = {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}}


@pytest.mark.parametrize(
    "schema",
    [
        pytest.param({**TREE, "$defs": {"node": TREE}}, id="recursive"),
        pytest.param({"type": "object", "$defs": {}, "properties": {"next": {"$ref": "#"}}}, id="its-own-root"),
        pytest.param(
            {"type": "object", "$defs": {}, "properties": {"a": {"$ref": "https://x.test/a.json"}}}, id="elsewhere"
        ),
        pytest.param({"type": "array", "items": {"type": "string"}, "$defs": {}}, id="no-object"),
    ],
)
def test_a_schema_that_claude_does_not_take_is_asked_for_in_words(schema):
    request = request_for(response_format={"type": "json_schema", "json_schema": {"schema": schema}})

    assert "output_config" not in request.body
    assert '"$defs"' in request.body["system"][0]["text"]
    assert request.dropped == ["response_format"]


def test_json_without_a_schema_is_asked_for_in_words():
    body = request_for(system(), user(), response_format={"type": "json_object"}).body

    assert [block["text"] for block in body["system"]] == ["Be brief", "Answer with one JSON object and nothing else."]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 2) | st.sampled_from(["object", "#", "#/$defs/a", "x"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(
                ["type", "properties", "$defs", "$ref", "required", "items", "minItems", "anyOf", "allOf", "enum", "a"]
            ),
            inner,
            max_size=4,
        )
    ),
)


@given(JSON, st.booleans())
def test_no_schema_whatever_it_holds_is_more_than_refused(schema, is_strict):
    function = {"name": "a", "parameters": schema, "strict": is_strict}
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    body = {"messages": [user()], "tools": [{"type": "function", "function": function}], "response_format": shape}

    with suppress(ProviderRejectedError):
        sent = build(Call(OPUS, body, "attempt")).body

        assert sent["tools"][0]["input_schema"]["type"] == "object"
