"""Errors, streams that break off, and refusals with their remedy."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.providers.base import (
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderUnavailableError,
    RateLimitedError,
)
from routing.tests.providers.ollama.asks import TRANSCRIPTS, call, deltas, provider, streamed


async def test_a_full_queue_is_no_illness_and_says_when_to_come_again():
    with pytest.raises(RateLimitedError) as caught:
        await provider(b'{"error": "server busy, please try again"}', 503).stream(call())

    assert (caught.value.kind, caught.value.retry_after, caught.value.is_retryable) == ("overloaded", 5.0, False)


async def test_an_error_line_ends_the_stream_as_an_error():
    opened, chunks, error = await streamed(TRANSCRIPTS["crashed"])

    assert isinstance(error, ProviderUnavailableError)
    assert "unexpected EOF" in error.message
    assert deltas(chunks) == [{"role": "assistant", "content": "Well"}]
    assert not opened.account.is_complete


@given(st.integers(0, len(TRANSCRIPTS["text"]) - 2))
async def test_a_stream_that_ends_early_is_never_a_stop(length):
    opened, chunks, error = await streamed(TRANSCRIPTS["text"][:length])

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete
    assert all(chunk["choices"][0]["finish_reason"] is None for chunk in chunks)


@given(st.binary(max_size=300))
async def test_garbage_ends_in_an_error(garbage):
    opened, _, error = await streamed(garbage)

    assert isinstance(error, ProviderUnavailableError)
    assert not opened.account.is_complete


@pytest.mark.parametrize(
    ("status", "message", "error", "kind", "hint", "is_retryable"),
    [
        (404, "model 'qwen' not found", ProviderRejectedError, "model_not_found", "ollama pull qwen", False),
        (400, "qwen does not support tools", ProviderRejectedError, "tools_not_supported", "tools", False),
        (
            400,
            "the input length exceeds the context length",
            ProviderRejectedError,
            "context_length_exceeded",
            "",
            False,
        ),
        (500, "llama runner process has terminated", ProviderUnavailableError, "server_error", "terminated", True),
    ],
    ids=["no-model", "no-tools", "too-long", "crashed"],
)
async def test_refusals_name_their_remedy(status, message, error, kind, hint, is_retryable):
    content = json.dumps({"error": message}).encode()

    with pytest.raises(error) as caught:
        await provider(content, status).stream(call())

    assert (caught.value.kind, caught.value.is_retryable) == (kind, is_retryable)
    assert hint in caught.value.message


@pytest.mark.parametrize(
    ("status", "content", "headers"),
    [
        pytest.param(302, b"", {"location": "https://team.cloudflareaccess.com/login"}, id="redirect"),
        pytest.param(200, b"<html>team.cloudflareaccess.com", {"content-type": "text/html"}, id="page"),
        pytest.param(403, b"<html>Forbidden", {"content-type": "text/html", "cf-ray": "1-OSL"}, id="service-auth"),
    ],
)
async def test_a_login_page_is_a_matter_for_the_operator(status, content, headers):
    """So it is that a token is missing, wrong or expired."""
    with pytest.raises(ProviderMisconfiguredError) as caught:
        await provider(content, status, **headers).stream(call())

    assert "Cloudflare Access" in caught.value.message
