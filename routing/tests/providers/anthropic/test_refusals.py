"""Refusals in our own tree of errors."""

import json

import pytest

from routing.providers.base import (
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from routing.tests.providers.anthropic.answering import call, provider


def error_body(kind, message="Sorry", **details):
    return json.dumps({"type": "error", "error": {"type": kind, "message": message, **details}}).encode()


SPENT = error_body("rate_limit_error", details={"error_code": "enforced_spend_limit_reached"})


@pytest.mark.parametrize(
    ("status", "content", "given", "error", "kind", "is_retryable"),
    [
        (400, error_body("invalid_request_error"), {}, ProviderRejectedError, "invalid_request_error", False),
        (
            400,
            error_body("x", "prompt is too long: 9 > 8"),
            {},
            ProviderRejectedError,
            "context_length_exceeded",
            False,
        ),
        (401, error_body("authentication_error"), {}, ProviderMisconfiguredError, "not_authorized", False),
        (402, error_body("billing_error"), {}, ProviderMisconfiguredError, "billing", False),
        (403, error_body("permission_error"), {}, ProviderMisconfiguredError, "not_authorized", False),
        (404, error_body("not_found_error"), {}, ProviderRejectedError, "model_not_found", False),
        (413, error_body("request_too_large"), {}, ProviderRejectedError, "request_too_large", False),
        (429, error_body("rate_limit_error"), {"retry-after": "3"}, RateLimitedError, "rate_limited", True),
        (429, SPENT, {}, RateLimitedError, "spend_limit_reached", False),
        (500, error_body("api_error"), {}, ProviderUnavailableError, "api_error", True),
        (504, error_body("timeout_error"), {}, ProviderUnavailableError, "timeout_error", True),
        (529, error_body("overloaded_error"), {}, RateLimitedError, "overloaded", True),
        (502, b"<html>", {"content-type": "text/html"}, ProviderUnavailableError, "server_error", True),
    ],
    ids=["400", "too-long", "401", "402", "403", "404", "413", "429", "spend-limit", "500", "504", "529", "page"],
)
async def test_refusals_have_their_own_names(status, content, given, error, kind, is_retryable):
    with pytest.raises(error) as caught:
        await provider(content, status, **given).stream(call())

    assert (caught.value.kind, caught.value.status, caught.value.is_retryable) == (kind, status, is_retryable)


async def test_the_trouble_with_our_own_key_says_nothing_of_it():
    with pytest.raises(ProviderMisconfiguredError) as caught:
        await provider(error_body("authentication_error", "invalid x-api-key: sk-ant-1234"), 401).stream(call())

    assert "sk-ant" not in caught.value.message
