from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from routing.providers.base import ProviderTimeoutError
from routing.providers.failures import MAX_LIMITS, failure_of, retry_after_seconds


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "7", "retry-after-ms": "1500"}, 1.5),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "x"}, None),
        ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
    ],
    ids=str,
)
def test_the_wait_that_an_upstream_asks_for(headers, seconds):
    assert retry_after_seconds(httpx.Headers(headers)) == seconds


def test_a_wait_may_be_a_date():
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)

    assert 80 < retry_after_seconds(httpx.Headers({"retry-after": date})) <= 90


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b'{"error":{"message":"openai or anthropic"}}', "openai or anthropic"),
        (b'{"error":"ollama"}', "ollama"),
        (b'{"object":"error","message":"vllm","code":400}', "vllm"),
        (b"[]", "the server refuses the request (400)"),
        (b"\xff", "the server refuses the request (400)"),
        (b'{"error":{"message":5}}', "the server refuses the request (400)"),
    ],
)
def test_the_reason_is_found_in_every_shape_in_use(body, message):
    assert failure_of(400, httpx.Headers(), body, "the server").message == message


def test_a_reason_is_bounded():
    error = failure_of(400, httpx.Headers(), b'{"error":"%s"}' % (b"x" * 9_000), "the server")

    assert len(error.message) == 2_000


def test_secrets_that_an_upstream_repeats_are_taken_out_before_its_reason_is_cut():
    body = b'{"error":"%s a-secret"}' % (b"x" * 1_995)

    error = failure_of(400, httpx.Headers(), body, "the server", secrets=("a-secret",))

    assert error.message.endswith("x [rem")


@pytest.mark.parametrize(("told", "kind"), [("overloaded_error", "overloaded_error"), ("my key is 5", "rejected")])
def test_a_kind_is_a_word(told, kind):
    assert failure_of(400, httpx.Headers(), b'{"error":{"type":"%s"}}' % told.encode(), "the server").kind == kind


def test_a_page_with_429_is_still_a_limit():
    headers = httpx.Headers({"content-type": "text/html", "retry-after": "3"})

    error = failure_of(429, headers, b"<html>", "the server")

    assert (error.kind, error.retry_after) == ("rate_limited", 3.0)


@pytest.mark.parametrize("content_type", ["text/html", "application/json"])
def test_a_tunnel_that_gave_up_waiting_is_a_silence_that_is_not_tried_again(content_type):
    error = failure_of(524, httpx.Headers({"content-type": content_type}), b"{}", "the server")

    assert isinstance(error, ProviderTimeoutError)
    assert not error.is_retryable


@pytest.mark.parametrize("status", [429, 529])
def test_of_an_upstreams_headers_only_what_it_says_of_its_limits_is_kept(status):
    limit = {"anthropic-ratelimit-tokens-remaining": "0"}
    others = {
        "set-cookie": "a=b",
        "anthropic-organization-id": "org",
        "anthropic-ratelimit-tokens-reset": "x" * 81,
        "anthropic-ratelimit-" + "x" * 61: "1",
        "anthropic-ratelimit-a": "1\x7f",
    }

    assert failure_of(status, {**others, **limit}, b"{}", "the server").limits == limit


def test_of_an_upstreams_limits_not_more_than_are_worth_telling_are_kept():
    headers = {f"anthropic-ratelimit-{number}": "1" for number in range(500)}

    assert len(failure_of(429, headers, b"{}", "the server").limits) == MAX_LIMITS


def test_a_failure_that_is_no_limit_tells_none():
    headers = {"anthropic-ratelimit-tokens-remaining": "0"}

    assert failure_of(400, headers, b"{}", "the server").limits == {}
