"""Every face that streams, asked over real sockets: uvicorn's protocol in front, a hostile upstream behind."""

import asyncio
import json
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from routing.providers.http import Upstream
from routing.providers.openai_compatible import OpenAICompatible
from routing.providers.transport import FastTransport
from routing.slots import LocalSlots
from routing.tests.providers.transport.hostile import serving
from smartgateway.api import base
from smartgateway.asgi import application
from smartgateway.completions import errands
from smartgateway.completions.exchange import Lane

sleep = asyncio.sleep  # the fixture `world` makes that of others pass in no time
ASKS = {
    "chat": ("/v1/chat/completions", {"messages": [{"role": "user", "content": "Hi"}]}),
    "messages": ("/v1/messages", {"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 100}),
    "responses": ("/v1/responses", {"input": "Hi", "store": False}),
    "completions": ("/v1/completions", {"prompt": "Hi"}),
    "fill": ("/v1/completions", {"prompt": "a", "suffix": "b"}),
}
ENDS = (b"[DONE]", b"message_stop", b"message_delta", b"response.completed", b'"finish_reason":"stop"')
HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


def frame(text):
    """One event of a chat's stream, and at the same time of a text completion's."""
    choice = {"index": 0, "delta": {"content": text}, "text": text, "finish_reason": None}
    data = json.dumps({"id": "chatcmpl-1", "model": "m", "choices": [choice]})
    return chunk(f"data: {data}\n\n".encode())


class Playing:
    """An upstream that sends these bytes, or one frame for ever, and notes when it was left."""

    def __init__(self, *parts, for_ever=b""):
        self.parts = parts
        self.for_ever = for_ever
        self.is_asked = False
        self.is_left = False
        self.sent = 0

    async def __call__(self, server, reader, writer):
        await server.read_request(reader)
        self.is_asked = True
        with suppress(ConnectionError):
            writer.write(b"".join(self.parts))
            while self.for_ever and not reader.at_eof():
                writer.write(self.for_ever)
                await writer.drain()
                self.sent += len(self.for_ever)
                await sleep(0)
            await reader.read()
        self.is_left = True


class Client:
    """One connection to the gateway, which reads only when it is told to."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    async def ask(self, face):
        path, members = ASKS[face]
        body = json.dumps({"model": "local", "stream": True, **members}).encode()
        head = f"POST {path} HTTP/1.1\r\nhost: g\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
        self.writer.write(head.encode() + b"\r\n\r\n" + body)
        await self.writer.drain()

    async def answer(self):
        """Head and events, until the response is over."""
        content = await self.reader.readuntil(b"\r\n\r\n")
        while size := int(await self.reader.readline(), 16):
            content += await self.reader.readexactly(size)
            await self.reader.readline()
        return content

    def leave(self):
        self.writer.transport.abort()


@asynccontextmanager
async def between(world, monkeypatch, playing):
    """A client of a gateway whose local model is `playing`."""

    async def authenticate(request):
        return world.key

    monkeypatch.setattr(base, "authenticate", authenticate)
    monkeypatch.setattr(errands, "FILL", replace(errands.FILL, model="coder", lane=Lane(LocalSlots(1), 0)))
    config = uvicorn.Config(application, http="httptools", access_log=False, log_config=None)
    config.load()
    loop = asyncio.get_running_loop()
    async with serving(playing) as server:
        upstream = Upstream(FastTransport(), server.url.partition("/v1")[0], label="the server", headers={})
        world.providers["local"] = OpenAICompatible(upstream)
        listener = await loop.create_server(
            lambda: HttpToolsProtocol(config, ServerState(), {}, _loop=loop), "127.0.0.1", 0
        )
        reader, writer = await asyncio.open_connection(*listener.sockets[0].getsockname())
        try:
            yield Client(reader, writer)
        finally:
            writer.transport.abort()
            listener.close()
            await upstream.aclose()
