"""Every face, sent a body that is none, or is not said to be JSON: refused soon, in its own shape, and recorded."""

import json

import httpx
import pytest

from tests.bad_input.bodies import BODIES, JSON, RAW_FAULTS, faulty
from tests.bad_input.refusals import HIGHEST_MB, PATIENCE_SECONDS, check_prompt_refusal, highest_mb
from tests.gateway import wait_until

RECORDED = {"chat", "messages", "responses", "completions", "embeddings", "simple_chat"}


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("fault", RAW_FAULTS)
def test_what_is_no_request_is_refused(client, path, fault):
    check_prompt_refusal(client, path, 400, content=faulty(path, fault), headers=JSON)


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/completions", "/chat"])
@pytest.mark.parametrize(("model", "upstream"), [("local", "LOCAL_LLM_BASE_URL"), ("sonnet", "ANTHROPIC_BASE_URL")])
def test_a_nul_that_is_written_as_json_writes_it_is_text_like_any_other(served, client, path, model, upstream):
    content = json.dumps({**BODIES[path], "model": model}).replace('"hi"', '"h\\u0000i"')

    response = client.post(path, content=content, headers=JSON)

    assert response.status_code == 200, response.text
    seen = httpx.get(f"{served.environment[upstream]}/double/requests", timeout=PATIENCE_SECONDS).json()
    assert "h\\u0000i" in json.dumps(seen[-1]["body"])
    assert served.outcome(response.headers["x-smartgateway-decision-id"])[0] == "answered"


@pytest.mark.parametrize("path", BODIES)
@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "nonsense"])
def test_another_content_type_is_refused(client, path, kind):
    check_prompt_refusal(client, path, 400, 415, content=json.dumps(BODIES[path]), headers={"content-type": kind})


def test_refusals_are_recorded_under_their_face(client, served):
    for path in BODIES:
        client.post(path, content=b"{", headers=JSON)

    wait_until(
        lambda: {face for (face,) in served.rows("SELECT face FROM audit_refusal")} >= RECORDED, "all are shipped"
    )


def test_no_bad_request_leaves_the_process_large(client, served):
    for path in BODIES:
        client.post(path, content=faulty(path, "many small values"), headers=JSON)

    assert highest_mb(served) < HIGHEST_MB
