"""Anthropic's official clients, answered by Claude and by the local model."""

import json

import anthropic
import pytest

from tests.gateway import KEY
from tests.messages.asks import SERVERS, TOOL, post, said, text_of


@pytest.mark.parametrize("model", SERVERS)
def test_a_whole_answer_is_a_message(client, model):
    raw = client.messages.with_raw_response.create(model=model, max_tokens=5_000, messages=said("[[say:hello]]"))

    message = raw.parse()
    assert text_of(message) == "hello"
    assert message.id.startswith("msg_")
    assert (message.stop_reason, message.model) == ("end_turn", raw.headers["x-smartgateway-model"])
    assert message.usage.input_tokens > 0
    assert message._request_id == raw.headers["request-id"]
    assert raw.headers["x-request-id"] == raw.headers["x-smartgateway-decision-id"]


@pytest.mark.parametrize("model", SERVERS)
async def test_a_stream_is_put_together_by_the_asynchronous_client(served, model):
    async with (
        anthropic.AsyncAnthropic(base_url=served.url, api_key=KEY, max_retries=0) as client,
        client.messages.stream(model=model, max_tokens=5_000, messages=said("[[say:one two three]]")) as stream,
    ):
        texts = [text async for text in stream.text_stream]
        message = await stream.get_final_message()

    assert "".join(texts) == text_of(message) == "one two three"
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0
    assert message.usage.output_tokens > 0


@pytest.mark.parametrize("model", SERVERS)
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_in_parallel_and_their_results_understood(client, model, is_stream):
    ask = 'Read both. [[call:read_file {"path": "a.py"}]] [[call:read_file {"path": "b.py"}]]'
    options = {"model": model, "max_tokens": 5_000, "tools": [TOOL]}

    first = answered(client, is_stream, messages=said(ask), **options)
    calls = [block for block in first.content if block.type == "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": calls[0].id, "content": "[[say:understood]]"},
        {"type": "tool_result", "tool_use_id": calls[1].id, "content": "no such file", "is_error": True},
    ]
    history = [*said(ask), {"role": "assistant", "content": first.content}, {"role": "user", "content": results}]
    second = answered(client, is_stream, messages=history, **options)

    assert first.stop_reason == "tool_use"
    assert [call.input for call in calls] == [{"path": "a.py"}, {"path": "b.py"}]
    assert all(call.id.startswith("toolu_") for call in calls)
    assert second.stop_reason == "end_turn"


def answered(client, is_stream, **options):
    if not is_stream:
        return client.messages.create(**options)
    with client.messages.stream(**options) as stream:
        return stream.get_final_message()


@pytest.mark.parametrize("model", [*SERVERS, "auto"])
def test_tokens_are_counted(client, model):
    counted = client.messages.count_tokens(model=model, system="Be brief", messages=said("Hello there"), tools=[TOOL])

    assert counted.input_tokens > 0


def test_a_count_leaves_no_record(client, served):
    before = served.rows("SELECT COUNT(*) FROM audit_routingdecision")

    client.messages.count_tokens(model="sonnet", messages=said("Hello there"))
    identity = post(served).headers["x-smartgateway-decision-id"]
    served.outcome(identity)

    found = "SELECT COUNT(*) FROM audit_routingdecision WHERE face = 'count_tokens'"
    assert served.rows(found) == [(0,)]
    assert before is not None


def test_a_forced_tool_is_asked_for_and_named(served):
    response = post(served, tools=[TOOL], tool_choice={"type": "any"}, messages=said("[[call:read_file]]"))

    assert response.json()["stop_reason"] == "tool_use"
    assert response.headers["x-smartgateway-dropped-params"] == "tool_choice"


def test_what_only_claude_understands_is_named_when_a_local_model_answers(served):
    thought = {"type": "thinking", "thinking": "", "signature": "c2ln"}
    messages = [*said("Hi"), {"role": "assistant", "content": [thought, {"type": "text", "text": "Hello"}]}]
    search = {"type": "web_search_20250305", "name": "web_search"}

    response = post(
        served,
        model="local",
        messages=[*messages, *said("[[say:hello]]")],
        tools=[search],
        thinking={"type": "adaptive"},
        container="c",
    )

    named = response.headers["x-smartgateway-dropped-params"].split(",")
    assert response.status_code == 200
    assert set(named) >= {"messages.thinking", "tools.web_search", "thinking", "container"}


def test_events_of_a_local_answer_come_in_the_order_of_the_api(served):
    body = 'Look. [[say:fine]] [[call:read_file {"path": "a.py"}]]'

    response = post(served, model="local", messages=said(body), tools=[TOOL], stream=True)

    events = [json.loads(line[6:]) for line in response.text.split("\n") if line.startswith("data: ")]
    kinds = [event["type"] for event in events]
    assert kinds[:2] == ["message_start", "ping"]
    assert kinds[-2:] == ["message_delta", "message_stop"]
    assert events[0]["message"]["usage"]["input_tokens"] > 0
    assert events[0]["message"]["id"].startswith("msg_")
    begun = [event["content_block"] for event in events if event["type"] == "content_block_start"]
    assert all(block["id"].startswith("toolu_") for block in begun if block["type"] == "tool_use")
    assert [block["type"] for block in begun][-1] == "tool_use"
    starts = [event["index"] for event in events if event["type"] == "content_block_start"]
    assert starts == [event["index"] for event in events if event["type"] == "content_block_stop"]
    assert starts == list(range(len(starts)))
