"""The fast upstream transport: HTTP/1.1 over asyncio and httptools behind httpx's own transport interface.

It speaks to origins directly; for proxies use `httpx.AsyncHTTPTransport`, which keeps the same promises.
Timeouts come from `request.extensions["timeout"]` (connect, read, write, pool as httpx names them); `first_byte`,
where given, replaces `read` until the answer begins. Limits count per origin.
"""

import asyncio
import ssl

import httpx

from routing.providers.transport import messages
from routing.providers.transport.dialling import Origin
from routing.providers.transport.exchange import Exchange
from routing.providers.transport.pool import Pool

DEFAULT_LIMITS = httpx.Limits(max_connections=1000, max_keepalive_connections=100, keepalive_expiry=60.0)

__all__ = ["FastTransport"]


class FastTransport(httpx.AsyncBaseTransport):
    def __init__(self, *, verify: bool | ssl.SSLContext = True, limits: httpx.Limits = DEFAULT_LIMITS) -> None:
        self._tls = httpx.create_ssl_context(verify=verify)
        self._tls.set_alpn_protocols(["http/1.1"])
        self._limits = limits
        self._pools: dict[tuple[bytes, bytes, int | None], Pool] = {}
        self._is_closed = False

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        pool = self._pool(request.url)
        body = b"".join(request.stream) if isinstance(request.stream, httpx.ByteStream) else None
        head = messages.render_head(request, body)
        exchange = await self._exchange(pool, request, head, body)
        return httpx.Response(
            exchange.status,
            headers=exchange.headers,
            stream=exchange,
            extensions={"http_version": b"HTTP/1.1"},
        )

    async def _exchange(self, pool: Pool, request: httpx.Request, head: messages.Head, body: bytes | None) -> Exchange:
        """Send and await the answer's head; once more when a kept connection turns out to have been closed."""
        timeouts = request.extensions.get("timeout", {})
        for is_replay in (False, True):
            exchange = Exchange(timeouts, is_bodiless=request.method == "HEAD")
            connection = await pool.acquire(timeouts, evict=is_replay)
            try:
                await exchange.perform(connection, head, body, request.stream)
            except httpx.TransportError:
                if is_replay or body is None or not exchange.is_stale:
                    raise
            else:
                break
        return exchange

    def _pool(self, url: httpx.URL) -> Pool:
        key = (url.raw_scheme, url.raw_host, url.port)
        pool = self._pools.get(key)
        if pool is None:
            if self._is_closed:
                raise httpx.ConnectError("the transport is closed")
            pool = self._pools[key] = Pool(Origin.of(url, self._tls), self._limits)
        return pool

    async def aclose(self) -> None:
        """Close every connection; what is still waiting or reading fails."""
        self._is_closed = True
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.close()
        await asyncio.sleep(0)  # sockets are closed in the loop's next turn
