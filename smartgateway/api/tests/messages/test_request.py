"""Requests of the Messages face in indoor form, and what is named or refused of them."""

import pytest

from smartgateway.api.messages.lost import lost
from smartgateway.api.messages.request import indoor
from smartgateway.completions.errors import BadRequestError

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
