"""What a gateway that does nothing costs: a bare ASGI pass-through on the same transport and the same server."""

import os
import socket
import sys
from typing import Any

import httpx
import uvicorn

from routing.providers.transport import FastTransport

UPSTREAM = httpx.URL(os.environ.get("BENCH_UPSTREAM", "http://127.0.0.1:1"))
TIMEOUTS = {"connect": 5.0, "read": 60.0, "write": 60.0, "pool": 5.0}
transport = FastTransport()


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    request = httpx.Request(
        scope["method"],
        UPSTREAM.copy_with(raw_path=scope["raw_path"]),
        headers=[(b"host", UPSTREAM.netloc), *((name, value) for name, value in scope["headers"] if name != b"host")],
        stream=httpx.ByteStream(await body_of(receive)),
        extensions={"timeout": TIMEOUTS},
    )
    response = await transport.handle_async_request(request)
    headers = [(name.lower(), value) for name, value in response.headers.raw if name != b"transfer-encoding"]
    await send({"type": "http.response.start", "status": response.status_code, "headers": headers})
    async for part in response.stream:  # type: ignore[union-attr]
        await send({"type": "http.response.body", "body": part, "more_body": True})
    await send({"type": "http.response.body"})


async def body_of(receive: Any) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            return body


if __name__ == "__main__":
    config = uvicorn.Config(
        application, loop="uvloop", http="httptools", access_log=False, lifespan="off", log_level="warning"
    )
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(sys.argv[1]))])
