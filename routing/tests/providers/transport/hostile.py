"""A server whose every byte the test writes itself."""

import asyncio
import socket
import struct
from contextlib import asynccontextmanager, suppress

import httpx

TIMEOUTS = {"connect": 10.0, "read": 10.0, "write": 10.0, "pool": 10.0}
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


class Server:
    """What the test may ask about it afterwards."""

    def __init__(self, scheme):
        self.scheme = scheme
        self.opened = 0  # connections ever
        self.current = 0
        self.most = 0  # connections at once
        self.requests = []  # (head, body) of what was read by `read_request`
        self.tasks = set()
        self.port = 0

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}/v1/things?q=1"

    async def read_request(self, reader):
        head = await reader.readuntil(b"\r\n\r\n")
        lower = head.lower()
        body = b""
        if b"content-length:" in lower:
            body = await reader.readexactly(int(lower.split(b"content-length:")[1].split(b"\r\n")[0]))
        elif b"transfer-encoding: chunked" in lower:
            while size := int(await reader.readline(), 16):
                body += await reader.readexactly(size)
                await reader.readline()
            await reader.readline()
        self.requests.append((head, body))
        return head, body


@asynccontextmanager
async def serving(handler, *, ssl=None):
    """`handler(server, reader, writer)` plays one connection; it is closed when the handler returns."""
    server = Server("https" if ssl else "http")

    async def play(reader, writer):
        server.tasks.add(asyncio.current_task())
        server.opened += 1
        server.current += 1
        server.most = max(server.most, server.current)
        with suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handler(server, reader, writer)
        server.current -= 1
        writer.close()

    listener = await asyncio.start_server(play, "127.0.0.1", 0, ssl=ssl)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in server.tasks:
            task.cancel()
        await asyncio.gather(*server.tasks, return_exceptions=True)
        await asyncio.sleep(0)


def answering(*answers):
    """Keeps the connection and answers its requests with these bytes in turn, the last one for ever."""

    async def handler(server, reader, writer):
        given = list(answers)
        while True:
            await server.read_request(reader)
            writer.write(given.pop(0) if len(given) > 1 else given[0])
            await writer.drain()

    return handler


def closing(answer):
    """Reads one request, writes these bytes, closes."""

    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(answer)
        await writer.drain()

    return handler


def reset(writer):
    """Close so that the other side gets RST instead of FIN."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


def post(server, content=b"{}", method="POST", headers=None, **timeouts):
    return httpx.Request(
        method, server.url, content=content, headers=headers, extensions={"timeout": TIMEOUTS | timeouts}
    )


async def eventually(is_so, seconds=10.0):
    """Wait for what must become so, however busy the machine is."""
    async with asyncio.timeout(seconds):
        while not is_so():  # noqa: ASYNC110 (the other side of a socket sets no event)
            await asyncio.sleep(0.005)


async def send(transport, server, content=b"{}", **options):
    """The answer, read to its end and closed."""
    response = await transport.handle_async_request(post(server, content, **options))
    try:
        await response.aread()
    finally:
        await response.aclose()
    return response
