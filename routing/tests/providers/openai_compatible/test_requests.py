"""What such a server is sent."""

import json

import msgspec
import pytest

from routing.providers.openai_compatible import OpenAICompatible, request_of
from routing.tests.providers.openai_compatible.asks import BODY, RAW, TEXT, WHOLE, call, sent
from routing.tests.providers.replies import answering, upstream


async def test_a_same_dialect_request_is_joined_from_its_own_members():
    seen = []
    handler = answering(WHOLE)
    provider = OpenAICompatible(upstream(lambda request: seen.append(request) or handler(request)))

    await provider.complete(call(RAW))

    assert seen[0].content == b'{"messages":[{"role":"user","content":"Hi"}],"seed":1e400,"model":"qwen"}'
    assert seen[0].url == "http://upstream.test/v1/chat/completions"
    assert seen[0].headers["x-request-id"] == "attempt-1"
    assert seen[0].headers["content-length"] == str(len(seen[0].content))


async def test_a_translated_request_is_encoded_and_answered_in_indoor_form():
    seen = []
    handler = answering(WHOLE)
    provider = OpenAICompatible(upstream(lambda request: seen.append(request) or handler(request)))

    answer = await provider.complete(call(None, temperature=0))

    assert json.loads(seen[0].content) == {**BODY, "temperature": 0, "model": "qwen"}
    assert answer.raw is None
    assert answer.completion["choices"][0]["message"]["content"] == "Hello"


@pytest.mark.parametrize("raw", [None, {**RAW, "seed": b"1", "max_completion_tokens": b"7"}], ids=["encoded", "joined"])
def test_the_limit_has_the_name_that_every_server_knows(raw):
    members = sent(raw, max_completion_tokens=7)

    assert members["max_tokens"] == 7
    assert "max_completion_tokens" not in members


@pytest.mark.parametrize("name", ["max_tokens", "max_completion_tokens"])
@pytest.mark.parametrize(
    ("limit", "window", "characters", "is_kept"),
    [
        (16_000, 8_192, 10, False),
        (8_000, 8_192, 3_000, False),
        (8_000, 8_192, 300, True),
        (2_000, 8_192, 90_000, True),
        (16_000, None, 10, True),
    ],
    ids=["more than all", "no room beside the prompt", "room", "too long a prompt is the servers to say", "unknown"],
)
def test_a_limit_that_the_context_has_no_room_for_is_left_out_and_named(name, limit, window, characters, is_kept):
    body = {"messages": [{"role": "user", "content": "x" * characters}], name: limit}

    content, dropped = request_of(call(None, **body), window)

    assert ("max_tokens" in json.loads(content)) is is_kept
    assert dropped == ([] if is_kept else ["max_tokens"])


def test_developers_speak_as_the_system():
    messages = [{"role": "developer", "content": "Be brief"}, {"role": "user", "content": "Hi"}]

    members = sent({"messages": msgspec.json.encode(messages)}, messages=messages)

    assert members["messages"] == [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}]


def test_a_late_system_message_of_another_dialect_is_said_by_the_user_and_marked():
    system, user = {"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi"}
    late = {"role": "system", "content": [{"type": "text", "text": "Now at length"}]}
    messages = [system, system, user, late]

    assert sent(messages=messages)["messages"] == [
        system,
        system,
        user,
        {"role": "user", "content": "<system_message>\nNow at length\n</system_message>"},
    ]
    assert sent({"messages": msgspec.json.encode(messages)}, messages=messages)["messages"] == messages


async def test_usage_is_asked_for_on_the_records_behalf():
    seen = []
    handler = answering(TEXT)
    provider = OpenAICompatible(upstream(lambda request: seen.append(request) or handler(request)))

    await provider.stream(call({**RAW, "stream": b"true", "stream_options": b'{"x":1}'}, stream_options={"x": 1}))

    sent = json.loads(seen[0].content)
    assert sent["stream"] is True
    assert sent["stream_options"] == {"x": 1, "include_usage": True}
