"""Refusals and trouble on the line, in our own tree of errors."""

import asyncio
from contextlib import nullcontext

import httpx
import pytest

from routing.providers.base import (
    Call,
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RateLimitedError,
    Timeouts,
)
from routing.providers.http import PlainTransport, Upstream
from routing.providers.openai_compatible import OpenAICompatible
from routing.providers.transport import FastTransport
from routing.tests.providers.openai_compatible.asks import BODY, RAW, WHOLE, call
from routing.tests.providers.replies import answering, upstream


@pytest.mark.parametrize(
    ("status", "headers", "content", "error", "kind", "is_retryable"),
    [
        pytest.param(400, {}, b'{"error":{"message":"bad"}}', ProviderRejectedError, "rejected", False, id="400"),
        pytest.param(
            400,
            {},
            b'{"error":{"message":"the request exceeds the available context size"}}',
            ProviderRejectedError,
            "context_length_exceeded",
            False,
            id="too-long",
        ),
        pytest.param(
            400,
            {},
            b'{"error":{"message":"no","type":"invalid_request_error","code":"tools_not_supported"}}',
            ProviderRejectedError,
            "tools_not_supported",
            False,
            id="code-before-type",
        ),
        pytest.param(404, {}, b"{}", ProviderRejectedError, "model_not_found", False, id="404"),
        pytest.param(401, {}, b'{"error":"who"}', ProviderMisconfiguredError, "not_authorized", False, id="401"),
        pytest.param(429, {"retry-after": "2"}, b"{}", RateLimitedError, "rate_limited", True, id="429-short"),
        pytest.param(429, {"retry-after": "60"}, b"{}", RateLimitedError, "rate_limited", False, id="429-long"),
        pytest.param(429, {}, b"{}", RateLimitedError, "rate_limited", False, id="429-without-hint"),
        pytest.param(500, {}, b"boom", ProviderUnavailableError, "server_error", True, id="500"),
        pytest.param(529, {}, b"{}", RateLimitedError, "overloaded", True, id="529"),
        pytest.param(502, {}, b"<html>x</html>", ProviderUnavailableError, "server_error", True, id="proxy-page"),
        pytest.param(200, {}, b"<html>", ProviderMisconfiguredError, "html_answer", False, id="page-as-200"),
        pytest.param(
            302,
            {"location": "https://team.cloudflareaccess.com/cdn-cgi/access/login"},
            b"",
            ProviderMisconfiguredError,
            "cloudflare_access",
            False,
            id="access-redirect",
        ),
        pytest.param(
            403,
            {},
            b"<p>Cloudflare Access: Forbidden. cloudflareaccess.com",
            ProviderMisconfiguredError,
            "cloudflare_access",
            False,
            id="access-403",
        ),
        pytest.param(
            403, {"cf-ray": "1"}, b"<p>Forbidden", ProviderMisconfiguredError, "html_answer", False, id="403-page"
        ),
        pytest.param(301, {"location": "/login"}, b"", ProviderMisconfiguredError, "html_answer", False, id="redirect"),
        pytest.param(413, {}, b"<html>", ProviderRejectedError, "request_too_large", False, id="413-page"),
    ],
)
async def test_refusals_have_their_own_names(status, headers, content, error, kind, is_retryable):
    content_type = "text/html" if content.startswith(b"<") else "application/json"
    provider = OpenAICompatible(
        upstream(answering(content, status, {"content-type": content_type, "request-id": "up-7", **headers}))
    )

    with pytest.raises(error) as caught:
        await provider.stream(call(RAW))

    assert (caught.value.kind, caught.value.is_retryable, caught.value.status) == (kind, is_retryable, status)
    assert caught.value.upstream_request_id == "up-7"


@pytest.mark.parametrize(
    ("raised", "error", "kind", "was_sent"),
    [
        (httpx.ConnectError("refused"), ProviderUnavailableError, "connect_failed", False),
        (httpx.ConnectTimeout("slow"), ProviderUnavailableError, "connect_failed", False),
        (httpx.ReadTimeout("silent"), ProviderTimeoutError, "timeout", True),
        (httpx.RemoteProtocolError("garbage"), ProviderUnavailableError, "broken_off", True),
    ],
)
async def test_trouble_on_the_line_is_told_in_our_own_tree(raised, error, kind, was_sent):
    def handler(request):
        raise raised

    provider = OpenAICompatible(upstream(handler))

    with pytest.raises(error) as caught:
        await provider.complete(call(RAW))

    assert (caught.value.kind, caught.value.was_sent) == (kind, was_sent)


@pytest.mark.parametrize("transport", [FastTransport, PlainTransport])
@pytest.mark.parametrize(("pauses", "fails"), [((0.3, 0.0), False), ((0.0, 0.3), True)], ids=["before", "between"])
async def test_the_silence_before_the_first_byte_may_be_longer_than_the_one_between_bytes(transport, pauses, fails):
    async def handle(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(pauses[0])
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(WHOLE) + WHOLE[:9])
        await asyncio.sleep(pauses[1])
        writer.write(WHOLE[9:])
        writer.close()
        handled.set()

    handled = asyncio.Event()
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    provider = OpenAICompatible(Upstream(transport(), address, label="the server", headers={}))
    patient = Call("m", BODY, "a", timeouts=Timeouts(connect=1, first_byte=5, between_bytes=0.1))

    try:
        with pytest.raises(ProviderTimeoutError) if fails else nullcontext():
            await provider.complete(patient)
    finally:
        await handled.wait()
        await provider.aclose()
        server.close()
        await asyncio.sleep(0)
