"""Failures and refusals in the status and the shape that these clients know."""

import anthropic
import httpx
import pytest

from tests.gateway import KEY
from tests.messages.asks import SERVERS, TOOL, post, said


def test_a_count_that_claude_refuses_is_refused_in_its_words(client):
    unknown = {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {}}
    messages = [*said("Hi"), {"role": "assistant", "content": [unknown]}, *said("and?")]

    with pytest.raises(anthropic.BadRequestError) as caught:
        client.messages.count_tokens(model="claude-sonnet-5-5", messages=messages, tools=[TOOL])

    assert "tool_use" in caught.value.body["error"]["message"]
    assert caught.value.body["request_id"] == "req_1"


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


def test_a_bad_body_is_refused_in_the_shape_of_the_api_on_both_endpoints(served):
    for path in ("/v1/messages", "/v1/messages/count_tokens"):
        response = post(served, path, messages="Hi")

        assert response.status_code == 400
        assert response.json()["error"]["type"] == "invalid_request_error"


def test_an_unknown_key_is_told_in_the_shape_of_the_api(served):
    response = post(served, headers={"authorization": "Bearer sk-sg-unknown"})

    assert (response.status_code, response.json()["error"]["type"]) == (401, "authentication_error")
