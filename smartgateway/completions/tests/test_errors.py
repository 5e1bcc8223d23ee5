import pytest

from routing.providers.base import ProviderMisconfiguredError
from routing.providers.failures import failure_of
from smartgateway.completions.errors import as_gateway_error, from_provider


@pytest.mark.parametrize(
    ("provider_name", "kind", "variable"),
    [
        ("local", "html_answer", "LOCAL_LLM_BASE_URL"),
        ("local", "not_authorized", "LOCAL_LLM_API_KEY"),
        ("local", "cloudflare_access", "LOCAL_CF_ACCESS_CLIENT_ID and LOCAL_CF_ACCESS_CLIENT_SECRET"),
        ("anthropic", "html_answer", "ANTHROPIC_BASE_URL"),
        ("anthropic", "billing", "ANTHROPIC_API_KEY"),
        ("", "html_answer", "its address"),
    ],
)
def test_a_refused_access_is_a_502_that_names_the_settings(provider_name, kind, variable):
    failure = ProviderMisconfiguredError("refused", kind=kind)
    failure.provider_name = provider_name

    error = from_provider(failure)

    assert (error.status, error.should_retry) == (502, False)
    assert f"look at {variable}." in error.message


def test_a_body_that_is_too_deep_for_whoever_walks_through_it_is_a_400():
    assert as_gateway_error(RecursionError()).status == 400


SPENT = b'{"error":{"type":"rate_limit_error","details":{"error_code":"enforced_spend_limit_reached"}}}'
CLAUDES = b'{"type":"error","error":{"type":"any_error","message":"as Claude said it"}}'
PAGE = b"<html><h1>413</h1></html>"


@pytest.mark.parametrize(
    ("status", "headers", "body", "to_openai", "to_anthropic", "retry_after"),
    [
        pytest.param(400, {}, CLAUDES, 400, 400, None, id="bad-request"),
        pytest.param(401, {}, CLAUDES, 502, 502, None, id="our-key"),
        pytest.param(402, {}, CLAUDES, 502, 502, None, id="our-bill"),
        pytest.param(403, {}, CLAUDES, 502, 502, None, id="our-permission"),
        pytest.param(404, {}, CLAUDES, 404, 404, None, id="model"),
        pytest.param(413, {}, CLAUDES, 413, 413, None, id="too-large"),
        pytest.param(413, {"content-type": "text/html"}, PAGE, 413, 413, None, id="too-large-as-a-page"),
        pytest.param(429, {"retry-after": "7"}, CLAUDES, 429, 429, 7, id="limit"),
        pytest.param(429, {}, SPENT, 429, 429, None, id="spend-limit"),
        pytest.param(500, {}, CLAUDES, 502, 500, None, id="failed"),
        pytest.param(504, {}, CLAUDES, 502, 504, None, id="timed-out"),
        pytest.param(529, {}, CLAUDES, 503, 529, 5, id="overloaded"),
        pytest.param(503, {"content-type": "text/html"}, PAGE, 502, 502, None, id="page"),
        pytest.param(500, {}, b"no JSON", 502, 502, None, id="no-json"),
        pytest.param(524, {}, b"", 504, 504, None, id="tunnel"),
    ],
)
def test_what_an_upstream_answers_is_told_to_each_kind_of_client_in_a_status_that_it_knows(
    status, headers, body, to_openai, to_anthropic, retry_after
):
    failure = failure_of(status, headers, body, "Claude's API")

    error, same = from_provider(failure), from_provider(failure, "anthropic")

    assert (error.status, same.status) == (to_openai, to_anthropic)
    assert error.retry_after == same.retry_after == retry_after
    assert error.upstream_body == b""
    assert same.upstream_body == (body if body == CLAUDES and status not in (401, 402, 403) else b"")
    assert "as Claude said it" not in error.message or status not in (401, 402, 403)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (400, b'{"error":{"message":"prompt is too long: 9 tokens > 8 maximum"}}', "context_length_exceeded"),
        (404, CLAUDES, "model_not_found"),
        (413, CLAUDES, "request_too_large"),
        (429, CLAUDES, "rate_limit_exceeded"),
        (529, CLAUDES, "overloaded"),
    ],
)
def test_the_code_is_one_that_openais_clients_look_for(status, body, code):
    assert from_provider(failure_of(status, {}, body, "Claude's API")).code == code


def test_a_limit_that_the_operator_set_is_not_to_be_tried_again():
    error = from_provider(failure_of(429, {}, SPENT, "Claude's API"))

    assert (error.should_retry, error.retry_after) == (False, None)
