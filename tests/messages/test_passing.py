"""What passes to Claude as it came, and what is kept from it or counted."""

import json

from tests.gateway import KEY, wait_until
from tests.messages.asks import TOOL, post, said, text_of

PNG = "iVBORw0KGgo="


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


def test_what_a_cache_marker_of_ours_saves_is_recorded_apart(served, claude):
    system = "You are an agent of many words. " * 300

    marked = post(served, system=system, tools=[TOOL]).headers["x-smartgateway-decision-id"]
    unmarked = post(served).headers["x-smartgateway-decision-id"]

    assert claude.requests[-2]["body"]["cache_control"] == {"type": "ephemeral"}
    for identity, is_known in ((marked, True), (unmarked, False)):
        served.outcome(identity)
        where = f"REPLACE(CAST(decision_id AS VARCHAR(36)), '-', '') = '{identity.replace('-', '')}'"
        assert served.rows(f"SELECT cache_saved IS NOT NULL FROM audit_outcome WHERE {where}") == [(is_known,)]


def test_images_reach_claude_as_they_came(served, claude):
    image = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PNG}}
    content = [image, {"type": "text", "text": "[[say:a dot]]"}]

    response = post(served, messages=[{"role": "user", "content": content}])

    assert response.status_code == 200
    assert claude.requests[-1]["body"]["messages"][0]["content"] == content


def test_the_record_holds_claudes_own_request_id(served):
    response = post(served)

    identity = response.headers["x-smartgateway-decision-id"]
    served.outcome(identity)
    found = f"SELECT COUNT(*) FROM audit_attempt WHERE upstream_request_id = '{response.headers['request-id']}'"
    wait_until(lambda: served.rows(found) == [(1,)], "the attempt is shipped", 20)
