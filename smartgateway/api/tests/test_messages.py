import msgspec
import pytest

from smartgateway.api.messages.lost import lost
from smartgateway.api.messages.request import indoor
from smartgateway.api.messages.response import MessagesRenderer, error_body, message
from smartgateway.completions.errors import BadRequestError, GatewayError

USER = {"role": "user", "content": "hi"}


def test_a_conversation_with_tools_keeps_its_meaning():
    data = {
        "model": "claude-auto",
        "max_tokens": 100,
        "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
        "tools": [{"name": "run", "description": "Runs", "input_schema": {"type": "object"}}, {"type": "web_search_1"}],
        "tool_choice": {"type": "any", "disable_parallel_tool_use": True},
        "stop_sequences": ["END"],
        "messages": [
            {"role": "user", "content": "list the files"},
            {
                "role": "assistant",
                "content": [
                    {"type": "thinking", "thinking": "", "signature": "s"},
                    {"type": "text", "text": "Looking."},
                    {"type": "tool_use", "id": "toolu_1", "name": "run", "input": {"cmd": "ls"}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "a.py", "is_error": True},
                    {"type": "text", "text": "and now?"},
                ],
            },
        ],
    }

    body = indoor(data)

    assert body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "list the files"},
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [
                {"id": "toolu_1", "type": "function", "function": {"name": "run", "arguments": '{"cmd":"ls"}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_1", "content": "Error: a.py"},
        {"role": "user", "content": [{"type": "text", "text": "and now?"}]},
    ]
    function = {"name": "run", "parameters": {"type": "object"}, "description": "Runs"}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert (body["tool_choice"], body["parallel_tool_calls"], body["stop"]) == ("required", False, ["END"])


@pytest.mark.parametrize(
    ("source", "url"),
    [
        ({"type": "base64", "media_type": "image/png", "data": "QUJD"}, "data:image/png;base64,QUJD"),
        ({"type": "url", "url": "https://example.org/a.png"}, "https://example.org/a.png"),
    ],
)
def test_images_become_image_parts(source, url):
    blocks = [{"type": "image", "source": source}]

    body = indoor({"max_tokens": 1, "messages": [{"role": "user", "content": blocks}]})

    assert body["messages"][0]["content"] == [{"type": "image_url", "image_url": {"url": url}}]


def test_claude_codes_note_to_anthropic_is_not_told_to_others():
    note = {"type": "text", "text": "x-anthropic-billing-header: cc_version=2.1.197; cch=a1b2c;"}
    user = {"role": "user", "content": "hi"}

    with_system = indoor({"max_tokens": 1, "system": [note, {"type": "text", "text": "Be brief."}], "messages": [user]})
    alone = indoor({"max_tokens": 1, "system": [note], "messages": [user]})

    assert with_system["messages"][0] == {"role": "system", "content": "Be brief."}
    assert alone["messages"] == [user]


def test_what_only_claude_knows_of_a_tool_and_of_an_output_is_named():
    schema = {"type": "object", "properties": {}}
    tool = {"name": "run", "input_schema": schema, "strict": True, "input_examples": [{}], "defer_loading": None}
    config = {"effort": "low", "task_budget": {"total": 9}}
    data = {"max_tokens": 1, "messages": [USER], "tools": [tool], "output_config": config}

    assert list(lost(data)) == ["tools.input_examples", "output_config.task_budget"]
    assert indoor(data)["tools"][0]["function"]["strict"] is True


def with_block(block):
    return {"max_tokens": 5, "messages": [{"role": "user", "content": [block]}]}


@pytest.mark.parametrize(
    ("data", "param"),
    [
        ([], None),
        ({"messages": [USER]}, "max_tokens"),
        ({"max_tokens": "5", "messages": [USER]}, "max_tokens"),
        ({"max_tokens": 5}, "messages"),
        ({"max_tokens": 5, "messages": [{"role": "robot", "content": "hi"}]}, "messages"),
        ({"max_tokens": 5, "messages": [{"role": "user", "content": 5}]}, "messages"),
        ({"max_tokens": 5, "system": 5, "messages": [USER]}, "system"),
        ({"max_tokens": 5, "metadata": "x", "messages": [USER]}, "metadata"),
        ({"max_tokens": 5, "output_config": 5, "messages": [USER]}, "output_config"),
        ({"max_tokens": 5, "thinking": 5, "messages": [USER]}, "thinking"),
        ({"max_tokens": 5, "stop_sequences": 5, "messages": [USER]}, "stop_sequences"),
        ({"max_tokens": 5, "tool_choice": "x", "messages": [USER]}, "tool_choice"),
        ({"max_tokens": 5, "tools": "x", "messages": [USER]}, "tools"),
        ({"max_tokens": 5, "tools": [1], "messages": [USER]}, "tools.0"),
        (with_block({"type": "image", "source": 5}), "image.source"),
        (with_block({"type": "tool_result", "tool_use_id": "a", "content": 7}), "messages"),
    ],
)
def test_a_bad_request_names_the_member_at_fault(data, param):
    with pytest.raises(BadRequestError) as caught:
        indoor(data)

    assert caught.value.param == param


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


@pytest.mark.parametrize(
    ("source", "part"),
    [
        ({"type": "text", "media_type": "text/plain", "data": "words"}, {"type": "text", "text": "words"}),
        ({"type": "content", "content": [{"type": "text", "text": "words"}]}, {"type": "text", "text": "words"}),
        (
            {"type": "base64", "media_type": "application/pdf", "data": "QUJD"},
            {"type": "file", "file": {"file_data": "data:application/pdf;base64,QUJD"}},
        ),
    ],
    ids=["text", "content", "pdf"],
)
def test_a_document_is_never_lost_without_a_word(source, part):
    assert indoor(with_block({"type": "document", "source": source}))["messages"][0]["content"] == [part]


def test_a_schema_and_an_effort_keep_their_meaning():
    schema = {"type": "object"}
    config = {"format": {"type": "json_schema", "schema": schema}, "effort": "high"}

    body = indoor({"max_tokens": 5, "messages": [USER], "output_config": config, "top_k": 4})

    assert body["response_format"] == {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    assert (body["reasoning_effort"], body["top_k"]) == ("high", 4)


def test_what_only_claude_understands_has_a_name():
    thought = {"type": "redacted_thinking", "data": "x"}
    result = {"type": "tool_result", "tool_use_id": "a", "content": [{"type": "search_result"}]}
    messages = [USER, {"role": "assistant", "content": [thought]}, {"role": "user", "content": [result]}]
    data = {"max_tokens": 5, "messages": messages, "thinking": {"type": "adaptive"}, "mcp_servers": [], "speed": None}

    found = list(lost({**data, "tools": [{"type": "bash_20250124", "name": "bash"}], "cache_control": {}}))

    assert found == [
        "mcp_servers",
        "thinking",
        "tools.bash",
        "messages.redacted_thinking",
        "messages.search_result",
    ]


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
