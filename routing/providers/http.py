"""One upstream host: requests straight over its transport, failures told in our own error tree.

httpx's client layer costs more than everything else on the way (redirects, cookies, auth, hooks), and nothing of
it is wanted here; its Request, Response, transports, timeouts and errors stay.
"""

import logging
from base64 import b64decode
from collections.abc import Iterator, Mapping
from copy import copy

import httpx

from routing.providers.base import Timeouts
from routing.providers.reply import Reply, broken

SECRET_HEADERS = ("authorization", "x-api-key", "cf-access-client-id", "cf-access-client-secret")


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
        self._secrets = tuple(secrets_in(headers))
        self._log_level = logging.WARNING
        self._urls: dict[str, httpx.URL] = {}

    def for_looks(self) -> "Upstream":
        """The same, for asking again and again: trouble on the line is told by who looks, once, and not each time."""
        looking = copy(self)
        looking._log_level = logging.DEBUG
        return looking

    async def get(self, path: str, timeouts: Timeouts, headers: Mapping[str, str] | None = None) -> bytes:
        """The body of a 200; anything else is raised."""
        reply = await self._send("GET", path, b"", timeouts, headers or {})
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
            raise broken(exc, self.label, log_level=self._log_level) from exc
        reply = Reply(response, self.label, self._secrets, self._log_level)
        if reply.status != 200:
            raise await reply.failure()
        if reply.headers.get("content-type", "").startswith("text/html"):
            raise await reply.failure()
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


def secrets_in(headers: Mapping[str, str]) -> Iterator[str]:
    """What an upstream is sent and no one else may see."""
    for name in SECRET_HEADERS:
        value = headers.get(name, "")
        if value.startswith("Basic "):
            user, _, password = b64decode(value.removeprefix("Basic ")).decode().partition(":")
            yield password or user
        if value:
            yield value.removeprefix("Bearer ").removeprefix("Basic ")
