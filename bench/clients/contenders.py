"""The clients, each as a coroutine function that asks once and returns the whole body."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httptools
import httpx

from routing.providers.transport import FastTransport

HEADERS = {
    "user-agent": "bench",
    "accept": "*/*",
    "accept-encoding": "identity",
    "content-type": "application/json",
    "x-request-id": "0198c0de-0000-7000-8000-000000000000",
}
TIMEOUTS = {"connect": 5.0, "read": 60.0, "write": 60.0, "pool": 5.0}
Ask = Callable[[], Awaitable[bytes]]


class Bare(asyncio.Protocol):
    """The floor: no timeouts, no limits, no errors."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.parser = httptools.HttpResponseParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name, value))

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.done.set_result(self.parser.get_status_code())

    async def ask(self, head: bytes, body: bytes) -> bytes:
        self.headers: list[tuple[bytes, bytes]] = []
        self.body = b""
        self.done = asyncio.get_running_loop().create_future()
        self.transport.write(head + body)
        await self.done
        return self.body


async def bare(url: str, body: bytes) -> Ask:
    target = httpx.URL(url)
    free: list[Bare] = []
    fields = {"host": target.netloc.decode(), **HEADERS, "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    head = f"POST {target.path} HTTP/1.1\r\n{lines}\r\n".encode()
    loop = asyncio.get_running_loop()

    async def ask() -> bytes:
        if free:
            connection = free.pop()
        else:
            _, connection = await loop.create_connection(Bare, target.host, target.port)
        answer = await connection.ask(head, body)
        free.append(connection)
        return answer

    return ask


def over_transport(transport: httpx.AsyncBaseTransport, url: str, body: bytes) -> Ask:
    """As our providers ask: httpx's Request and Response, without its client."""
    target = httpx.URL(url)
    fields = [(name.encode(), value.encode()) for name, value in HEADERS.items()]

    async def ask() -> bytes:
        headers = [(b"host", target.netloc), *fields, (b"content-length", b"%d" % len(body))]
        request = httpx.Request(
            "POST", target, headers=headers, stream=httpx.ByteStream(body), extensions={"timeout": dict(TIMEOUTS)}
        )
        response = await transport.handle_async_request(request)
        answer = b"".join([part async for part in response.stream])  # type: ignore[union-attr]
        await response.stream.aclose()  # type: ignore[union-attr]
        return answer

    return ask


async def fast(url: str, body: bytes) -> Ask:
    return over_transport(FastTransport(), url, body)


async def httpx_transport(url: str, body: bytes) -> Ask:
    limits = httpx.Limits(max_connections=1000, max_keepalive_connections=100)
    return over_transport(httpx.AsyncHTTPTransport(limits=limits), url, body)


async def httpx_client(url: str, body: bytes) -> Ask:
    client = httpx.AsyncClient(timeout=60)

    async def ask() -> bytes:
        async with client.stream("POST", url, content=body, headers=HEADERS) as response:
            return b"".join([part async for part in response.aiter_raw()])

    return ask


async def aiohttp_plain(url: str, body: bytes) -> Ask:
    import aiohttp

    session = aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=1000),
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60),
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
    )

    async def ask() -> bytes:
        async with session.post(url, data=body, headers=HEADERS) as response:
            return b"".join([part async for part in response.content.iter_any()])

    return ask


class AiohttpTransport(httpx.AsyncBaseTransport):
    """The least that lets aiohttp serve our providers."""

    def __init__(self) -> None:
        import aiohttp

        self.timeout = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=60)
        self.session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=1000), auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar()
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self.session.request(
            request.method,
            str(request.url),
            headers=request.headers.multi_items(),
            data=b"".join(request.stream),  # type: ignore[arg-type]
            timeout=self.timeout,
            allow_redirects=False,
        )
        stream = AiohttpStream(response)
        return httpx.Response(response.status, headers=list(response.raw_headers), stream=stream)


class AiohttpStream(httpx.AsyncByteStream):
    def __init__(self, response: Any) -> None:
        self.response = response

    async def __aiter__(self) -> Any:
        async for part in self.response.content.iter_any():
            yield part

    async def aclose(self) -> None:
        self.response.close()


async def aiohttp_transport(url: str, body: bytes) -> Ask:
    return over_transport(AiohttpTransport(), url, body)


async def pyreqwest_plain(url: str, body: bytes) -> Ask:
    client = pyreqwest_client()

    async def ask() -> bytes:
        builder = client.post(url).headers(HEADERS).body_bytes(body).streamed_read_buffer_limit(0)
        async with builder.build_streamed() as response:
            parts = []
            while (part := await response.body_reader.read_chunk()) is not None:
                parts.append(bytes(part))
            return b"".join(parts)

    return ask


def pyreqwest_client() -> Any:
    from datetime import timedelta

    from pyreqwest.client import ClientBuilder

    builder = ClientBuilder().connect_timeout(timedelta(seconds=5)).read_timeout(timedelta(seconds=60))
    return builder.http1_only().no_proxy().follow_redirects(False).build()


class PyreqwestTransport(httpx.AsyncBaseTransport):
    """The least that lets pyreqwest serve our providers; its own httpx transport costs more and holds events back."""

    def __init__(self) -> None:
        self.client = pyreqwest_client()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        builder = self.client.request(request.method, str(request.url)).headers(request.headers.multi_items())
        builder = builder.body_bytes(b"".join(request.stream)).streamed_read_buffer_limit(0)  # type: ignore[arg-type]
        streamed = builder.build_streamed()
        response = await streamed.__aenter__()
        stream = PyreqwestStream(streamed, response.body_reader)
        return httpx.Response(response.status, headers=list(response.headers.items()), stream=stream)


class PyreqwestStream(httpx.AsyncByteStream):
    def __init__(self, request: Any, reader: Any) -> None:
        self.request = request
        self.reader = reader

    async def __aiter__(self) -> Any:
        while (part := await self.reader.read_chunk()) is not None:
            yield bytes(part)

    async def aclose(self) -> None:
        await self.request.__aexit__(None, None, None)


async def pyreqwest_transport(url: str, body: bytes) -> Ask:
    return over_transport(PyreqwestTransport(), url, body)


CLIENTS: dict[str, tuple[str, Callable[[str, bytes], Awaitable[Ask]]]] = {
    "bare asyncio and httptools": ("httptools", bare),
    "FastTransport": ("httpx", fast),
    "httpx.AsyncHTTPTransport": ("httpx", httpx_transport),
    "httpx.AsyncClient": ("httpx", httpx_client),
    "pyreqwest, plain": ("pyreqwest", pyreqwest_plain),
    "pyreqwest as httpx transport": ("pyreqwest", pyreqwest_transport),
    "aiohttp, plain": ("aiohttp", aiohttp_plain),
    "aiohttp as httpx transport": ("aiohttp", aiohttp_transport),
}
