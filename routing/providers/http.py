"""One upstream host: requests straight over its transport, failures told in our own error tree.

httpx's client layer costs more than everything else on the way (redirects, cookies, auth, hooks), and nothing of
it is wanted here; its Request, Response, transports, timeouts and errors stay.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from typing import Any, cast

import httpx

from routing.providers.base import ProviderError, ProviderTimeoutError, ProviderUnavailableError, Timeouts
from routing.providers.failures import failure_of

WHOLE_ANSWER_LIMIT = 64 * 1024 * 1024
ERROR_BODY_LIMIT = 64 * 1024
DRAIN_SECONDS = 0.5


class Reply:
    """An answer whose head has arrived. Either `body` or `reads` is used; both close it."""

    __slots__ = ("_is_closed", "_stream", "headers", "label", "request_id", "status")

    def __init__(self, response: httpx.Response, label: str) -> None:
        self.status = response.status_code
        self.headers = response.headers
        self.request_id = upstream_request_id(response.headers)
        self._stream = decoded(response)
        self._is_closed = False
        self.label = label

    async def reads(self) -> AsyncGenerator[bytes, None]:
        """The body as it comes in; closing the generator closes the connection."""
        try:
            async for data in self._stream:
                yield data
        except (httpx.HTTPError, httpx.StreamError) as exc:
            raise broken(exc, self.label, request_id=self.request_id) from exc
        finally:
            await self.aclose()

    async def body(self, limit: int = WHOLE_ANSWER_LIMIT) -> bytes:
        """All of the body; more than `limit` is not an answer."""
        parts = []
        size = 0
        async for data in self.reads():
            parts.append(data)
            size += len(data)
            if size > limit:
                raise ProviderUnavailableError(f"{self.label} sent more than {limit} bytes", kind="invalid_answer")
        return parts[0] if len(parts) == 1 else b"".join(parts)

    async def start_of_body(self) -> bytes:
        """What fits of an error body; a connection that breaks here has already said enough."""
        start = b""
        with suppress(ProviderError):
            async for data in self.reads():
                start += data
                if len(start) >= ERROR_BODY_LIMIT:
                    break
        await self.aclose()
        return start[:ERROR_BODY_LIMIT]

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._stream.aclose()


class OpenChunks(AsyncGenerator[Any, None]):
    """A generator over a reply, whose closing closes the reply even when the generator was never begun."""

    __slots__ = ("_chunks", "_reply")

    def __init__(self, reply: Reply, chunks: AsyncGenerator[Any, None]) -> None:
        self._reply = reply
        self._chunks = chunks

    def __anext__(self) -> Coroutine[Any, Any, Any]:
        return self._chunks.__anext__()

    def asend(self, value: None) -> Coroutine[Any, Any, Any]:
        return self._chunks.asend(value)

    def athrow(self, *exc: Any) -> Coroutine[Any, Any, Any]:
        return self._chunks.athrow(*exc)

    async def aclose(self) -> None:
        try:
            await self._chunks.aclose()
        finally:
            await self._reply.aclose()


class PlainTransport(httpx.AsyncHTTPTransport):
    """httpx's own transport, told of the longer silence before the first byte as the fast one is."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        timeouts = request.extensions["timeout"]
        between_bytes, timeouts["read"] = timeouts["read"], timeouts["first_byte"]
        response = await super().handle_async_request(request)
        timeouts["read"] = between_bytes  # read anew for each read
        return response


class Upstream:
    """A host, its transport and what every request to it carries. `label` is how messages call it."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, base_url: str, *, label: str, headers: Mapping[str, str]
    ) -> None:
        self._transport = transport
        self._base_url = base_url
        self.label = label
        every = {
            "host": httpx.URL(base_url).netloc.decode(),
            "user-agent": "smartgateway",
            "accept": "*/*",
            "accept-encoding": "identity",
            "content-type": "application/json",
            **headers,
        }
        self._headers = [(name.encode(), value.encode()) for name, value in every.items()]
        self._urls: dict[str, httpx.URL] = {}

    async def get(self, path: str, timeouts: Timeouts) -> bytes:
        """The body of a 200; anything else is raised."""
        reply = await self._send("GET", path, b"", timeouts, {})
        return await reply.body()

    async def post(
        self, path: str, content: bytes, timeouts: Timeouts, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """The reply of a 200, its body unread; anything else is raised."""
        return await self._send("POST", path, content, timeouts, headers or {})

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def _send(
        self, method: str, path: str, content: bytes, timeouts: Timeouts, headers: Mapping[str, str]
    ) -> Reply:
        limits = {
            "connect": timeouts.connect,
            "first_byte": timeouts.first_byte,
            "read": timeouts.between_bytes,
            "write": timeouts.between_bytes,
            "pool": timeouts.connect,
        }
        request = self._request(method, path, content, headers, limits)
        try:
            response = await self._transport.handle_async_request(request)
        except (httpx.HTTPError, httpx.StreamError) as exc:
            raise broken(exc, self.label) from exc
        reply = Reply(response, self.label)
        if reply.status != 200:
            raise failure_of(reply.status, reply.headers, await reply.start_of_body(), self.label, reply.request_id)
        if reply.headers.get("content-type", "").startswith("text/html"):
            raise failure_of(200, reply.headers, await reply.start_of_body(), self.label, reply.request_id)
        return reply

    def _request(
        self, method: str, path: str, content: bytes, headers: Mapping[str, str], limits: dict[str, float]
    ) -> httpx.Request:
        url = self._urls.get(path)
        if url is None:
            url = self._urls[path] = httpx.URL(self._base_url + path)
        fields = [*self._headers, (b"content-length", b"%d" % len(content))]
        fields += [(name.encode(), value.encode("utf-8", "replace")) for name, value in headers.items()]
        return httpx.Request(
            method, url, headers=fields, stream=httpx.ByteStream(content), extensions={"timeout": limits}
        )


def decoded(response: httpx.Response) -> httpx.AsyncByteStream:
    """The body's bytes; a peer that compresses though we asked it not to is understood all the same."""
    if "content-encoding" in response.headers:
        return Decoded(response)
    return cast(httpx.AsyncByteStream, response.stream)


class Decoded(httpx.AsyncByteStream):
    def __init__(self, response: httpx.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for data in self._response.aiter_bytes():
            yield data

    async def aclose(self) -> None:
        await self._response.aclose()


async def drain(reads: AsyncGenerator[bytes, None]) -> None:
    """Read on to the transport's own end, so that the connection can be used again; not for long."""
    with suppress(TimeoutError, ProviderError):
        async with asyncio.timeout(DRAIN_SECONDS):
            async for _ in reads:
                pass


def upstream_request_id(headers: httpx.Headers) -> str:
    return headers.get("request-id") or headers.get("x-request-id") or ""


def broken(exc: Exception, label: str, request_id: str = "") -> ProviderError:
    """httpx's error as ours. What failed before it was sent, or broke off unanswered, is worth one more try."""
    if isinstance(exc, httpx.ConnectTimeout | httpx.ConnectError | httpx.PoolTimeout | httpx.UnsupportedProtocol):
        what = f"{label} cannot be reached: {exc or type(exc).__name__}"
        return ProviderUnavailableError(what, kind="connect_failed", is_retryable=True, was_sent=False)
    if isinstance(exc, httpx.TimeoutException):
        return ProviderTimeoutError(f"{label} was silent for too long", kind="timeout", upstream_request_id=request_id)
    return ProviderUnavailableError(
        f"{label} broke off: {exc or type(exc).__name__}",
        kind="broken_off",
        upstream_request_id=request_id,
        is_retryable=True,
    )
