"""Each body is judged by the double as well: the SDK's own types, closed, and the API's rules."""

import base64
import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.anthropic.models import API_VERSION
from routing.providers.anthropic.request import build
from routing.providers.base import Call, ProviderRejectedError
from tests.doubles.anthropic.app import complaint_about_request

OPUS, SONNET, HAIKU, OLD = "claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-haiku-4-5"
PNG = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "description": "Of a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def user(content="Hi"):
    return {"role": "user", "content": content}


def assistant(content="Hello", **members):
    return {"role": "assistant", "content": content, **members}


def system(content="Be brief"):
    return {"role": "system", "content": content}


def calling(*ids, name="weather", arguments='{"city":"Oslo"}'):
    calls = [{"id": i, "type": "function", "function": {"name": name, "arguments": arguments}} for i in ids]
    return assistant(None, tool_calls=calls)


def result(call_id, content="rain"):
    return {"role": "tool", "tool_call_id": call_id, "content": content}


def request_for(*messages, model=OPUS, caches=True, **members):
    request = build(Call(model, {"messages": list(messages) or [user()], **members}, "attempt", caches=caches))
    complaint = complaint_about_request(json.loads(json.dumps(request.body)), {"anthropic-version": request.version})
    assert complaint is None, complaint
    return request


def texts(turn):
    return [block["text"] for block in turn["content"]]


def test_leading_system_and_developer_messages_become_system_text_in_order():
    body = request_for(system("one"), {"role": "developer", "content": [{"type": "text", "text": "two"}]}, user()).body

    assert [block["text"] for block in body["system"]] == ["one", "two"]
    assert [turn["role"] for turn in body["messages"]] == ["user"]


def test_system_messages_alone_become_the_users_turn():
    body = request_for(system("Write a poem")).body

    assert "system" not in body
    assert texts(body["messages"][0]) == ["Write a poem"]


@pytest.mark.parametrize("model", [OPUS, SONNET, HAIKU])
def test_a_late_system_message_keeps_its_place_where_the_model_takes_it(model):
    last = request_for(user(), assistant(), user(), system("now in French"), model=model).body
    before = request_for(user(), system("now in French"), assistant(), user(), model=model).body

    assert [turn["role"] for turn in last["messages"]] == ["user", "assistant", "user", "system"]
    assert [turn["role"] for turn in before["messages"]] == ["user", "system", "assistant", "user"]


@pytest.mark.parametrize(
    ("model", "messages"),
    [
        pytest.param("claude-sonnet-5", [user(), assistant(), user(), system("late")], id="model-refuses"),
        pytest.param(OPUS, [user(), system("late"), user()], id="before-a-user"),
        pytest.param(OPUS, [user(), assistant(), system("late"), user()], id="after-an-assistant"),
        pytest.param(OPUS, [user(), system("late"), assistant(""), user()], id="before-an-empty-answer"),
    ],
)
def test_any_other_late_system_message_becomes_a_marked_part_of_a_users_turn(model, messages):
    body = request_for(*messages, model=model).body

    marked = [text for turn in body["messages"] for text in texts(turn) if "late" in text]
    assert marked == ["<system_message>\nlate\n</system_message>"]
    assert "system" not in body


def test_two_late_system_messages_stand_in_one_turn():
    body = request_for(user(), system("a"), system("b"), assistant(), user()).body

    assert texts(body["messages"][1]) == ["a", "b"]


def test_a_conversation_that_begins_with_an_answer_gets_a_users_turn_before_it():
    body = request_for(assistant(), user()).body

    assert [turn["role"] for turn in body["messages"]] == ["user", "assistant", "user"]


def test_a_prefill_is_followed_by_a_users_turn_and_named():
    request = request_for(user(), assistant("The answer is ("))

    assert texts(request.body["messages"][-1]) == ["Continue."]
    assert request.dropped == ["prefill"]


def test_a_model_that_takes_a_prefill_gets_it_without_trailing_space():
    request = request_for(user(), assistant("The answer is  "), model=OLD)

    assert texts(request.body["messages"][-1]) == ["The answer is"]
    assert request.dropped == []


def test_turns_of_one_role_are_joined_and_empty_ones_left_out():
    body = request_for(
        user("a"), user("  "), assistant(""), user([{"type": "text", "text": "b"}]), assistant(), user()
    ).body

    assert texts(body["messages"][0]) == ["a", "b"]
    assert len(body["messages"]) == 3


def test_members_of_replayed_answers_that_claude_does_not_know_are_left_out():
    replayed = assistant("Hello", refusal=None, audio=None, annotations=[], function_call=None, name="bot")

    body = request_for(user(), replayed, user()).body

    assert body["messages"][1] == {"role": "assistant", "content": [{"type": "text", "text": "Hello"}]}


def test_calls_and_results_pair_up_with_results_first():
    messages = [user(), calling("a", "b"), result("a"), user("and?"), result("b")]

    body = request_for(*messages, tools=[WEATHER]).body

    assert [block["type"] for block in body["messages"][1]["content"]] == ["tool_use", "tool_use"]
    assert body["messages"][1]["content"][0]["input"] == {"city": "Oslo"}
    last = body["messages"][2]["content"]
    assert [block["type"] for block in last] == ["tool_result", "tool_result", "text"]
    assert [block["tool_use_id"] for block in last[:2]] == ["a", "b"]


@pytest.mark.parametrize("content", ["", None, " ", []])
def test_an_empty_result_has_no_content(content):
    body = request_for(user(), calling("a"), result("a", content), tools=[WEATHER]).body

    assert body["messages"][2]["content"] == [{"type": "tool_result", "tool_use_id": "a"}]


def test_a_result_may_hold_an_image():
    shown = [{"type": "text", "text": "see"}, {"type": "image_url", "image_url": {"url": PNG}}]

    body = request_for(user(), calling("a"), result("a", shown), tools=[WEATHER]).body

    assert [block["type"] for block in body["messages"][2]["content"][0]["content"]] == ["text", "image"]


def test_foreign_and_repeated_ids_get_stand_ins_for_call_and_result_alike():
    messages = [
        user(),
        calling("functions.x:0"),
        result("functions.x:0"),
        calling("functions.x:0"),
        result("functions.x:0"),
    ]

    body = request_for(*messages, tools=[WEATHER]).body

    ids = [block["id"] for turn in body["messages"] for block in turn["content"] if block["type"] == "tool_use"]
    assert ids == ["functions_x_0", "functions_x_0_2"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [("", {}), (None, {}), ("{}", {}), ('{"a":1}', {"a": 1}), ({"a": 1}, {"a": 1})],
)
def test_arguments_become_an_object(arguments, expected):
    body = request_for(user(), calling("a", arguments=arguments), result("a"), tools=[WEATHER]).body

    assert body["messages"][1]["content"][0]["input"] == expected


@pytest.mark.parametrize("arguments", ['{"a":', "[1]", "7"])
def test_broken_arguments_of_another_model_do_not_end_the_conversation(arguments):
    body = request_for(user(), calling("a", arguments=arguments), result("a"), tools=[WEATHER]).body

    assert body["messages"][1]["content"][0]["input"] == {"invalid_json_arguments": arguments}


@pytest.mark.parametrize(
    "messages",
    [
        pytest.param([user(), result("a")], id="result-without-call"),
        pytest.param([user(), calling("a"), user()], id="call-without-result"),
        pytest.param([user(), calling("a")], id="call-at-the-end"),
        pytest.param([], id="nothing"),
        pytest.param([user("")], id="only-empty"),
        pytest.param([{"role": "critic", "content": "x"}], id="unknown-role"),
        pytest.param(["x"], id="no-object"),
        pytest.param([user([{"type": "input_audio"}])], id="audio"),
        pytest.param([user(3)], id="number"),
        pytest.param(
            [user([{"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}])], id="no-image"
        ),
    ],
)
def test_what_cannot_be_said_is_refused_before_anything_is_sent(messages):
    with pytest.raises(ProviderRejectedError) as caught:
        build(Call(OPUS, {"messages": messages, "tools": [WEATHER]}, "attempt"))

    assert caught.value.status == 400
    assert not caught.value.was_sent


@pytest.mark.parametrize("name", ["weather", ""])
def test_a_tool_that_is_declared_twice_is_refused_by_name(name):
    tool = {"type": "function", "function": {"name": name}}

    with pytest.raises(ProviderRejectedError, match=f"{name!r} is declared twice"):
        request_for(tools=[tool, tool])


def test_two_foreign_names_that_would_become_one_stay_two():
    names = ["a.b", "a:b", "a_b", "x" * 200, "x" * 201]

    request = request_for(tools=[{"type": "function", "function": {"name": name}} for name in names])

    sent = [tool["name"] for tool in request.body["tools"]]
    assert len(set(sent)) == len(names)
    assert [request.names.original(name) for name in sent] == names


def test_only_twenty_tools_are_strict():
    closed = {"type": "object", "properties": {}, "additionalProperties": False}
    functions = [{"name": f"t{n}", "strict": True, "parameters": closed} for n in range(22)]

    request = request_for(tools=[{"type": "function", "function": function} for function in functions])

    assert sum(tool.get("strict", False) for tool in request.body["tools"]) == 20
    assert request.dropped == ["tools.strict"]


def test_tools_are_declared_in_claudes_form():
    bare = {"type": "function", "function": {"name": "ping"}}

    body = request_for(tools=[WEATHER, bare]).body

    assert body["tools"] == [
        {"name": "weather", "description": "Of a city", "input_schema": WEATHER["function"]["parameters"]},
        {"name": "ping", "input_schema": {"type": "object", "properties": {}}},
    ]
    assert "tool_choice" not in body


def test_a_union_at_the_top_of_a_tools_schema_becomes_all_its_properties():
    union = {"anyOf": [{"properties": {"a": {}}, "required": ["a"]}, {"properties": {"b": {}}}]}

    body = request_for(tools=[{"type": "function", "function": {"name": "x", "parameters": union}}]).body

    assert body["tools"][0]["input_schema"] == {"type": "object", "properties": {"a": {}, "b": {}}}


def test_a_foreign_tool_name_has_a_stand_in_that_is_turned_back():
    tool = {"type": "function", "function": {"name": "mcp.files:read"}}
    messages = [user(), calling("a", name="mcp.files:read"), result("a")]

    request = request_for(*messages, tools=[tool])

    assert request.body["tools"][0]["name"] == request.body["messages"][1]["content"][0]["name"] == "mcp_files_read"
    assert request.names.original("mcp_files_read") == "mcp.files:read"


def test_a_history_with_calls_declares_their_tools_even_when_none_are_offered_now():
    body = request_for(user(), calling("a"), result("a")).body

    assert [tool["name"] for tool in body["tools"]] == ["weather"]
    assert body["tool_choice"] == {"type": "none"}


def test_strict_tools_stay_strict_where_their_schema_allows_it():
    closed = {"type": "object", "properties": {"n": {"type": "integer"}}, "additionalProperties": False}
    open_ended = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}
    functions = [
        {"name": "a", "strict": True, "parameters": closed},
        {"name": "b", "strict": True, "parameters": open_ended},
    ]

    request = request_for(tools=[{"type": "function", "function": function} for function in functions])

    assert [tool.get("strict") for tool in request.body["tools"]] == [True, None]
    assert request.dropped == ["tools.strict"]


NAMED = {"type": "function", "function": {"name": "weather"}}


@pytest.mark.parametrize(
    ("model", "wanted", "expected"),
    [
        (HAIKU, "auto", None),
        (HAIKU, "none", {"type": "none"}),
        (HAIKU, "required", {"type": "any"}),
        (HAIKU, NAMED, {"type": "tool", "name": "weather"}),
        (OPUS, "none", {"type": "none"}),
    ],
    ids=str,
)
def test_a_choice_that_the_model_takes_is_passed_on(model, wanted, expected):
    request = request_for(model=model, tools=[WEATHER], tool_choice=wanted)

    assert request.body.get("tool_choice") == expected
    assert request.dropped == []


@pytest.mark.parametrize("model", [OPUS, SONNET, "claude-unheard-of-7"])
@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [("required", "calling one of the tools"), (NAMED, "calling the tool `weather`")],
    ids=["any", "named"],
)
def test_a_forced_choice_that_the_model_refuses_is_asked_for_in_a_sentence(model, wanted, sentence):
    request = build(Call(model, {"messages": [user()], "tools": [WEATHER], "tool_choice": wanted}, "attempt"))

    assert "tool_choice" not in request.body
    assert sentence in request.body["system"][-1]["text"]
    assert request.dropped == ["tool_choice"]


def test_calls_one_at_a_time_are_part_of_the_choice():
    body = request_for(tools=[WEATHER], parallel_tool_calls=False).body

    assert body["tool_choice"] == {"type": "auto", "disable_parallel_tool_use": True}


def test_a_choice_without_tools_is_left_out():
    assert "tool_choice" not in request_for(tool_choice="required").body


@pytest.mark.parametrize(
    ("start", "media_type"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF89a", "image/gif"),
        (b"RIFF0000WEBP", "image/webp"),
    ],
)
def test_an_image_has_the_media_type_of_its_bytes(start, media_type):
    address = "data:image/png;base64," + base64.b64encode(start).decode()

    body = request_for(user([{"type": "image_url", "image_url": {"url": address, "detail": "high"}}])).body

    assert body["messages"][0]["content"][0]["source"]["media_type"] == media_type


def test_an_image_by_address_is_fetched_by_claude():
    body = request_for(user([{"type": "image_url", "image_url": {"url": "https://x.test/a.png"}}])).body

    assert body["messages"][0]["content"][0]["source"] == {"type": "url", "url": "https://x.test/a.png"}


def test_a_pdf_is_a_document():
    file = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}}

    body = request_for(user([file, {"type": "text", "text": "sum it up"}])).body

    assert body["messages"][0]["content"][0]["type"] == "document"


@pytest.mark.parametrize(
    ("given", "expected", "dropped"),
    [
        ({}, 16_384, []),
        ({"max_tokens": 5_000}, 5_000, []),
        ({"max_tokens": 5_000, "max_completion_tokens": 6_000}, 6_000, []),
        ({"max_tokens": 500_000}, 128_000, ["max_tokens"]),
    ],
    ids=["default", "given", "newer-name-wins", "clamped"],
)
def test_the_limit_is_always_there(given, expected, dropped):
    request = request_for(**given)

    assert request.body["max_tokens"] == expected
    assert request.dropped == dropped


@pytest.mark.parametrize(
    ("effort", "lowered"),
    [(None, ["reasoning_effort"]), ("high", ["reasoning_effort"]), ("low", []), ("none", [])],
)
def test_a_small_limit_gets_low_effort_first_and_then_room_for_that_little_thinking(effort, lowered):
    request = request_for(max_tokens=100, reasoning_effort=effort)

    assert request.body["max_tokens"] == 100 + 2_048
    assert request.body["output_config"] == {"effort": "low"}
    assert request.dropped == [*lowered, "max_tokens"]


@pytest.mark.parametrize(("model", "effort"), [(OLD, None), (HAIKU, "none"), ("claude-opus-4-8", None)])
def test_a_small_limit_stays_where_nothing_is_thought(model, effort):
    request = build(Call(model, {"messages": [user()], "max_tokens": 100, "reasoning_effort": effort}, "attempt"))

    assert request.body["max_tokens"] == 100
    assert request.dropped == []


@pytest.mark.parametrize("limit", [0, -1, "many", 1.5, True])
def test_a_limit_that_is_none_is_refused(limit):
    with pytest.raises(ProviderRejectedError, match="max_tokens"):
        request_for(max_tokens=limit)


@pytest.mark.parametrize(
    ("model", "asked", "thinking", "effort"),
    [
        (OPUS, "high", None, "high"),
        (OPUS, "max", None, "max"),
        (OPUS, "minimal", None, "low"),
        (SONNET, "none", {"type": "between_tools"}, None),
        (HAIKU, "none", {"type": "disabled"}, None),
        ("claude-sonnet-5", "xhigh", None, "xhigh"),
        (OLD, "none", None, None),
    ],
)
def test_reasoning_effort_becomes_effort_or_less_thinking(model, asked, thinking, effort):
    body = request_for(model=model, reasoning_effort=asked).body

    assert body.get("thinking") == thinking
    assert body.get("output_config", {}).get("effort") == effort


def test_effort_on_a_model_without_it_is_named_as_dropped():
    assert request_for(model=OLD, reasoning_effort="high").dropped == ["reasoning_effort"]


def test_effort_makes_a_model_think_that_does_not_by_itself():
    request = build(Call("claude-opus-4-8", {"messages": [user()], "reasoning_effort": "high"}, "attempt"))

    assert request.body["thinking"] == {"type": "adaptive"}


@pytest.mark.parametrize(
    ("stop", "kept", "dropped"),
    [("END", ["END"], []), (["a", "\n"], ["a"], ["stop"]), (["\n"], None, ["stop"]), ([], None, [])],
)
def test_stop_sequences_of_white_space_are_dropped(stop, kept, dropped):
    request = request_for(stop=stop)

    assert request.body.get("stop_sequences") == kept
    assert request.dropped == dropped


def test_parameters_that_no_claude_takes_are_dropped_and_named():
    members = {
        "top_k": 5,
        "prompt_cache_retention": "24h",
        "prompt_cache_options": {},
        "audio": {},
        "moderation": {},
        "functions": [],
        "temperature": 0,
        "top_p": 1,
        "seed": 1,
        "logprobs": True,
        "logit_bias": {},
        "presence_penalty": 0,
        "frequency_penalty": 0,
        "store": False,
        "metadata": {},
        "verbosity": "low",
        "prompt_cache_key": "x",
        "prediction": {},
        "modalities": ["text"],
        "web_search_options": {},
        "anything_new": 1,
    }

    request = request_for(**members, logit=None)

    assert request.dropped == list(members)
    assert request.body.keys() == {"model", "max_tokens", "messages"}


@pytest.mark.parametrize(
    ("given", "kept", "dropped"),
    [
        ({"temperature": 0.3}, {"temperature": 0.3}, []),
        ({"temperature": 1.7}, {"temperature": 1}, ["temperature"]),
        ({"temperature": 0, "top_p": 0.9}, {"temperature": 0}, ["top_p"]),
        ({"top_p": 0.9, "top_k": 5}, {"top_p": 0.9}, ["top_k"]),
    ],
    ids=str,
)
def test_an_old_model_gets_its_sampling_in_the_version_that_has_it(given, kept, dropped):
    request = request_for(model=OLD, **given)

    assert {name: request.body.get(name) for name in ("temperature", "top_p") if name in request.body} == kept
    assert (request.version, request.dropped) == ("2023-06-01", dropped)


@pytest.mark.parametrize("temperature", [-1, "warm", True])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(ProviderRejectedError, match="temperature"):
        request_for(model=OLD, temperature=temperature)


def test_the_newest_version_is_spoken_where_nothing_needs_the_older_one():
    assert {request_for(model=model, temperature=None).version for model in (OPUS, OLD)} == {API_VERSION}


def test_several_choices_are_refused():
    with pytest.raises(ProviderRejectedError, match="n is 2"):
        request_for(n=2)


def test_one_choice_and_the_clients_stream_options_are_nothing_to_name():
    assert request_for(n=1, stream=True, stream_options={"include_usage": True}, user="u").dropped == []


def test_the_end_user_is_opaque():
    body = request_for(user="jane@example.com")

    assert len(body.body["metadata"]["user_id"]) == 64


@pytest.mark.parametrize(("given", "kept"), [("auto", "auto"), ("standard_only", "standard_only"), ("flex", None)])
def test_a_service_tier_is_passed_where_claude_has_it(given, kept):
    request = request_for(service_tier=given)

    assert request.body.get("service_tier") == kept
    assert request.dropped == ([] if kept else ["service_tier"])


def test_thoughts_that_a_client_sends_back_are_not_forged_into_the_conversation():
    thought = assistant("Hello", reasoning_content="Hm.", reasoning="Hm.", reasoning_details=[{"signature": "c2l"}])

    body = request_for(user(), thought, user()).body

    assert body["messages"][1]["content"] == [{"type": "text", "text": "Hello"}]


def test_markers_stand_where_the_client_set_them_and_never_on_empty_text():
    marker = {"cache_control": {"type": "ephemeral"}}
    marked = {"type": "function", "function": {"name": "weather", **marker}}
    parts = [{"type": "text", "text": " ", **marker}, {"type": "text", "text": "Hi", **marker}]

    body = request_for(system([{"type": "text", "text": "Be brief", **marker}]), user(parts), tools=[marked]).body

    assert body["system"] == [{"type": "text", "text": "Be brief", **marker}]
    assert body["tools"][0]["cache_control"] == marker["cache_control"]
    assert body["messages"][0]["content"] == [{"type": "text", "text": "Hi", **marker}]


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


LONG = "word " * 2_000


@pytest.mark.parametrize(
    ("messages", "tools", "is_cached"),
    [
        pytest.param([user(LONG)], [], False, id="one-ask"),
        pytest.param([user("a"), assistant("b"), user("c")], [], False, id="short-conversation"),
        pytest.param([user(LONG), assistant("b"), user("c")], [], True, id="long-conversation"),
        pytest.param([system(LONG), user("c")], [WEATHER], True, id="agent"),
    ],
)
def test_a_conversation_that_profits_from_the_cache_is_marked(messages, tools, is_cached):
    body = request_for(*messages, tools=tools).body

    assert body.get("cache_control") == ({"type": "ephemeral"} if is_cached else None)


def test_the_marker_can_be_switched_off_and_yields_to_the_clients_own():
    own = {
        "role": "system",
        "content": [{"type": "text", "text": LONG, "cache_control": {"type": "ephemeral", "ttl": "1h"}}],
    }

    marked = request_for(own, user(), tools=[WEATHER]).body
    switched_off = request_for(system(LONG), user(), tools=[WEATHER], caches=False).body

    assert "cache_control" not in marked | switched_off
    assert marked["system"][0]["cache_control"] == {"type": "ephemeral", "ttl": "1h"}


def test_more_markers_than_claude_takes_are_left_out():
    parts = [{"type": "text", "text": str(n), "cache_control": {"type": "ephemeral"}} for n in range(6)]

    body = request_for(user(parts)).body

    assert [("cache_control" in block) for block in body["messages"][0]["content"]] == [True] * 4 + [False] * 2


def test_two_results_of_one_call_are_refused_by_us():
    with pytest.raises(ProviderRejectedError, match="second result"):
        request_for(user(), calling("a"), result("a", "1"), result("a", "2"))


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


CONTENT = st.one_of(
    st.text(max_size=5),
    st.none(),
    st.lists(st.builds(lambda text: {"type": "text", "text": text}, st.text(max_size=4)), max_size=3),
)
MESSAGE = st.one_of(
    st.builds(user, CONTENT),
    st.builds(system, CONTENT),
    st.builds(assistant, CONTENT),
    st.builds(lambda ids: calling(*ids), st.lists(st.sampled_from(["a", "b", "c:1"]), max_size=2, unique=True)),
    st.builds(result, st.sampled_from(["a", "b", "c:1"]), CONTENT),
)


@given(st.lists(MESSAGE, max_size=8), st.sampled_from([OPUS, SONNET, HAIKU, OLD, "claude-sonnet-5"]), st.booleans())
def test_any_conversation_is_refused_by_us_or_taken_by_claude(messages, model, has_tools):
    body = {"messages": messages, "tools": [WEATHER] if has_tools else None}

    with suppress(ProviderRejectedError):
        sent = json.loads(json.dumps(build(Call(model, body, "attempt")).body))

        assert complaint_about_request(sent, {"anthropic-version": API_VERSION}) is None
