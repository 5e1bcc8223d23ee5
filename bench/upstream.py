"""A loopback upstream that costs little: OpenAI chat as JSON and events, Anthropic messages as JSON.

The request itself says what is wanted: `max_tokens` is the number of events, `seed` the milliseconds between them.
"""

import asyncio
import json
import sys
from typing import Any

import httptools
import uvloop

MODEL = "bench-model"
TEXT = "The quick brown fox jumps over the lazy dog. " * 4
USAGE = {"prompt_tokens": 57, "completion_tokens": 40, "total_tokens": 97}
EVENT_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def whole(body: dict[str, Any]) -> bytes:
    data = json.dumps(body, separators=(",", ":")).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(data), data)


def event(data: str) -> bytes:
    frame = f"data: {data}\n\n".encode()
    return b"%x\r\n%b\r\n" % (len(frame), frame)


def chunk(delta: dict[str, str], finish_reason: str | None = None, usage: dict[str, int] | None = None) -> bytes:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish_reason}] if usage is None else []
    return event(
        json.dumps(
            {
                "id": "chatcmpl-bench",
                "object": "chat.completion.chunk",
                "created": 1700000000,
                "model": MODEL,
                "choices": choices,
                "usage": usage,
            },
            separators=(",", ":"),
        )
    )


COMPLETION = whole(
    {
        "id": "chatcmpl-bench",
        "object": "chat.completion",
        "created": 1700000000,
        "model": MODEL,
        "choices": [{"index": 0, "message": {"role": "assistant", "content": TEXT}, "finish_reason": "stop"}],
        "usage": USAGE,
    }
)
MESSAGE = whole(
    {
        "id": "msg_bench",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": TEXT}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 57, "output_tokens": 40},
    }
)
MODELS = whole(
    {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1700000000, "owned_by": "bench"}]}
)
CHUNK = chunk({"content": "word "})
TAIL = chunk({}, "stop") + chunk({}, usage=USAGE) + event("[DONE]") + b"0\r\n\r\n"


class Upstream(asyncio.Protocol):
    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.pending: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        self.transport = transport
        self.begin()

    def begin(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.url = b""
        self.body = b""

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        url, body, self.url, self.body = self.url, self.body, b"", b""
        if b'"stream":true' in body or b'"stream": true' in body:
            self.stream(json.loads(body))
        elif url.startswith(b"/v1/chat"):
            self.transport.write(COMPLETION)
        else:
            self.transport.write(MESSAGE if url.startswith(b"/v1/messages") else MODELS)

    def stream(self, body: dict[str, Any]) -> None:
        self.transport.write(EVENT_HEAD)
        self.send_events(body["max_tokens"], body.get("seed", 0) / 1000)

    def send_events(self, left: int, pause: float) -> None:
        while left:
            self.transport.write(CHUNK)
            left -= 1
            if pause:
                self.pending = self.loop.call_later(pause, self.send_events, left, pause)
                return
        self.transport.write(TAIL)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.pending is not None:
            self.pending.cancel()


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
