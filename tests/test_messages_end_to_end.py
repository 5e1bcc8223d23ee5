"""The official `anthropic` client through a gateway, to doubles of Claude and of a local model."""

import json

import anthropic
import httpx
import pytest

from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, wait_until

TOOL = {
    "name": "read_file",
    "description": "Read a file",
    "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]},
}
SERVERS = ["sonnet", "local"]
PNG = "iVBORw0KGgo="


@pytest.fixture(scope="module")
def claude():
    return AnthropicDouble()


@pytest.fixture(scope="module")
def served(claude, tmp_path_factory):
    with serving(claude) as claude_url, serving(OllamaDouble()) as local_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": local_url,
        }
        with gateway.running(tmp_path_factory.mktemp("gateway"), **variables) as running:
            yield running


@pytest.fixture
def client(served):
    with anthropic.Anthropic(base_url=served.url, api_key=KEY, max_retries=0) as client:
        yield client


def said(text):
    return [{"role": "user", "content": text}]


def text_of(message):
    return "".join(block.text for block in message.content if block.type == "text")


def post(served, path="/v1/messages", headers=None, **body):
    content = {"model": "sonnet", "max_tokens": 5_000, "messages": said("[[say:hello]]"), **body}
    given = {"authorization": f"Bearer {KEY}", **(headers or {})}
    return httpx.post(f"{served.url}{path}", headers=given, json=content, timeout=30)


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


def test_a_count_that_claude_refuses_is_refused_in_its_words(client):
    unknown = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    messages = [*said("Hi"), {"role": "assistant", "content": [unknown]}, *said("and?")]

    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.count_tokens(model="claude-sonnet-5-5", messages=messages, tools=[TOOL])

    assert "tool_use" in caught.value.body["error"]["message"]
    assert caught.value.body["request_id"] == "req_1"


def test_the_beta_namespace_passes_with_its_headers(client, claude):
    management = {"edits": [{"type": "clear_tool_uses_20250919"}]}

    message = client.beta.messages.create(
        model="claude-opus-5-5",
        max_tokens=5_000,
        messages=said("[[say:hello]]"),
        betas=["context-management-2025-06-27"],
        context_management=management,
    )

    seen = claude.requests[-1]
    assert text_of(message) == "hello"
    assert seen["headers"]["anthropic-beta"] == "context-management-2025-06-27"
    assert seen["body"]["context_management"] == management


def test_the_query_that_marks_a_beta_request_goes_along(served, claude):
    response = post(served, "/v1/messages?beta=true")

    assert response.status_code == 200
    assert claude.requests[-1]["query"] == "beta=true"


def test_no_key_of_the_client_goes_upstream(served, claude):
    for headers in ({"authorization": f"Bearer {KEY}"}, {"authorization": "", "x-api-key": KEY}):
        assert post(served, headers=headers).status_code == 200

        seen = claude.requests[-1]["headers"]
        assert seen["x-api-key"] == "sk-ant-test"
        assert KEY not in json.dumps(seen)


def test_the_version_that_a_client_speaks_is_kept_and_sampling_for_an_old_model_with_it(served, claude):
    older = {"anthropic-version": "2023-06-01"}

    old = post(served, headers=older, model="claude-haiku-4-5", temperature=0.5)
    new = post(served, headers=older, model="claude-opus-5-5", temperature=0.5)

    assert [seen["headers"]["anthropic-version"] for seen in claude.requests[-2:]] == ["2023-06-01"] * 2
    assert (old.status_code, json.loads(claude.requests[-2]["raw"])["temperature"]) == (200, 0.5)
    assert (new.status_code, new.headers["x-smartgateway-dropped-params"]) == (200, "temperature")


def test_a_tiers_name_before_the_ask_is_taken_away_and_all_else_passes(served, claude):
    earlier = [
        *said("Hi"),
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "", "signature": "c2l"}]},
    ]
    asked = {"type": "text", "text": "@opus [[say:hello]]", "cache_control": {"type": "ephemeral", "ttl": "1h"}}

    response = post(served, model="auto", messages=[*earlier, {"role": "user", "content": [asked]}])

    sent = claude.requests[-1]["body"]["messages"]
    assert claude.requests[-1]["body"]["model"] == "claude-opus-5-5"
    assert sent == [*earlier, {"role": "user", "content": [{**asked, "text": "[[say:hello]]"}]}]
    assert response.status_code == 400
    assert "signature" in response.json()["error"]["message"]


def test_a_forced_tool_is_asked_for_and_named(served):
    response = post(served, tools=[TOOL], tool_choice={"type": "any"}, messages=said("[[call:read_file]]"))

    assert response.json()["stop_reason"] == "tool_use"
    assert response.headers["x-smartgateway-dropped-params"] == "tool_choice"


def test_what_a_cache_marker_of_ours_saves_is_recorded_apart(served, claude):
    system = "You are an agent of many words. " * 300

    marked = post(served, system=system, tools=[TOOL]).headers["x-smartgateway-decision-id"]
    unmarked = post(served).headers["x-smartgateway-decision-id"]

    assert claude.requests[-2]["body"]["cache_control"] == {"type": "ephemeral"}
    for identity, is_known in ((marked, True), (unmarked, False)):
        served.outcome(identity)
        where = f"REPLACE(CAST(decision_id AS VARCHAR(36)), '-', '') = '{identity.replace('-', '')}'"
        assert served.rows(f"SELECT cache_saved IS NOT NULL FROM audit_outcome WHERE {where}") == [(is_known,)]


FAILURES = [
    pytest.param("[[429:60]]", 429, "rate_limit_error", "60", id="429"),
    pytest.param("[[spend-limit]]", 429, "rate_limit_error", None, id="spend-limit"),
    pytest.param("[[500]]", 500, "api_error", None, id="500"),
    pytest.param("[[529]]", 529, "overloaded_error", "5", id="529"),
    pytest.param("[[401]]", 502, "api_error", None, id="our-key"),
    pytest.param("[[402]]", 502, "api_error", None, id="our-bill"),
    pytest.param("[[html]]", 502, "api_error", None, id="page"),
]


@pytest.mark.parametrize(("word", "status", "kind", "retry_after"), FAILURES)
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
def test_a_failure_of_claude_has_the_status_and_shape_that_its_clients_know(
    served, word, status, kind, retry_after, is_stream
):
    assert post(served).status_code == 200  # so that no breaker opens

    response = post(served, model="claude-opus-5-5", messages=said(word), stream=is_stream)

    assert (response.status_code, response.json()["type"]) == (status, "error")
    assert response.json()["error"]["type"] == kind
    assert response.headers.get("retry-after") == retry_after
    assert response.headers["request-id"].startswith("req_")
    assert "sk-ant" not in response.text
    assert served.outcome(response.headers["x-smartgateway-decision-id"])[:2] == ("failed", status)
    if word == "[[spend-limit]]":
        assert response.headers["x-should-retry"] == "false"


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
def test_what_claude_says_of_its_limits_stays_with_its_own_clients(served, is_stream):
    assert post(served).status_code == 200  # so that no breaker opens
    body = {"model": "claude-opus-5-5", "messages": said("[[429:60]]"), "stream": is_stream}

    own = post(served, **body)
    others = httpx.post(f"{served.url}/v1/chat/completions", json=body, headers={"x-api-key": KEY}, timeout=60)

    assert (own.status_code, others.status_code) == (429, 429)
    assert own.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert own.headers["anthropic-ratelimit-requests-reset"] == "2026-11-23T18:00:00Z"
    assert not [name for name in others.headers if name.startswith("anthropic-")]


@pytest.mark.parametrize("model", SERVERS)
@pytest.mark.parametrize("word", ["[[break]]", "[[error-event]]"])
def test_a_stream_that_breaks_ends_in_an_error_event_and_no_stop(served, model, word):
    if (model, word) == ("local", "[[error-event]]"):
        word = "[[crash]]"

    response = post(served, model=model, messages=said(f"{word} [[say:one two three four five six]]"), stream=True)

    if response.status_code == 200:
        assert response.text.count("event: error") == 1
        assert response.text.rindex("event: error") > response.text.rindex("event: content_block")
    assert "message_stop" not in response.text
    assert '"type":"error"' in response.text.replace(" ", "")


def test_images_reach_claude_as_they_came(served, claude):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    content = [image, {"type": "text", "text": "[[say:a dot]]"}]

    response = post(served, messages=[{"role": "user", "content": content}])

    assert response.status_code == 200
    assert claude.requests[-1]["body"]["messages"][0]["content"] == content


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


def test_a_bad_body_is_refused_in_the_shape_of_the_api_on_both_endpoints(served):
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        response = post(served, path, messages="Hi")

        assert response.status_code == 400
        assert response.json()["error"]["type"] == "invalid_request_error"


def test_an_unknown_key_is_told_in_the_shape_of_the_api(served):
    response = post(served, headers={"authorization": "Bearer sk-sg-unknown"})

    assert (response.status_code, response.json()["error"]["type"]) == (401, "authentication_error")


def test_the_record_holds_claudes_own_request_id(served):
    response = post(served)

    identity = response.headers["x-smartgateway-decision-id"]
    served.outcome(identity)
    found = f"SELECT COUNT(*) FROM audit_attempt WHERE upstream_request_id = '{response.headers['request-id']}'"
    wait_until(lambda: served.rows(found) == [(1,)], "the attempt is shipped", 20)
