import msgspec
import pytest

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
