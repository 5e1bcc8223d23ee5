"""Runs a double on a port of its own: in a thread for fixtures, in front for a look by hand."""

import argparse
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from typing import Any

import uvicorn

App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Any]], Callable[[Any], Awaitable[None]]], Awaitable[None]
]


@contextmanager
def serving(app: App) -> Iterator[str]:
    """The address under which the app is served meanwhile."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)
        listener.close()


def serve_by_hand(app: App, description: str) -> None:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--port", type=int, required=True)
    uvicorn.run(app, host="127.0.0.1", port=parser.parse_args().port, log_level="warning", lifespan="off")


async def body_of(receive: Callable[[], Awaitable[Any]]) -> bytes:
    body = b""
    while True:
        event = await receive()
        body += event.get("body", b"")
        if not event.get("more_body"):
            return body


class Responder:
    """Sends one answer in ASGI's words."""

    def __init__(self, send: Callable[[Any], Awaitable[None]], headers: dict[str, str]) -> None:
        self._send = send
        self._headers = headers

    async def start(self, status: int, content_type: str, headers: dict[str, str] | None = None) -> None:
        fields = {"content-type": content_type, **self._headers, **(headers or {})}
        pairs = [(name.encode(), value.encode()) for name, value in fields.items()]
        await self._send({"type": "http.response.start", "status": status, "headers": pairs})

    async def more(self, content: bytes, *, is_last: bool = False) -> None:
        await self._send({"type": "http.response.body", "body": content, "more_body": not is_last})

    async def whole(
        self, status: int, content: bytes, content_type: str, headers: dict[str, str] | None = None
    ) -> None:
        length = {"content-length": str(len(content))}
        await self.start(status, content_type, {**length, **(headers or {})})
        await self.more(content, is_last=True)
