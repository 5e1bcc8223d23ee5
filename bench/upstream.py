"""A loopback upstream that costs little: OpenAI's chat and Claude's messages, as JSON and as events.

The request itself says what is wanted: `max_tokens` is the number of events plus a thousand for each millisecond
between them. Events without a pause are a burst: they leave in one write.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

import httptools
import uvloop

MODEL, CLAUDE = "bench-model", "claude-sonnet-5-5"
PAUSES = 1000
TEXT = "The quick brown fox jumps over the lazy dog. " * 4
USAGE = {"prompt_tokens": 57, "completion_tokens": 40, "total_tokens": 97}
EVENT_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"


def whole(body: dict[str, Any]) -> bytes:
    data = json.dumps(body, separators=(",", ":")).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (len(data), data)


def events(*payloads: dict[str, Any] | str) -> bytes:
    """As servers send them, each in a chunk of its own; those of Claude carry their type as a name."""
    parts = []
    for payload in payloads:
        data = payload if isinstance(payload, str) else json.dumps(payload, separators=(",", ":"))
        name = f"event: {payload['type']}\n" if isinstance(payload, dict) and "type" in payload else ""
        frame = f"{name}data: {data}\n\n".encode()
        parts.append(b"%x\r\n%b\r\n" % (len(frame), frame))
    return b"".join(parts)


def chunk(
    delta: dict[str, str], finish_reason: str | None = None, usage: dict[str, int] | None = None
) -> dict[str, Any]:
    choices = [{"index": 0, "delta": delta, "finish_reason": finish_reason}] if usage is None else []
    return {
        "id": "chatcmpl-bench",
        "object": "chat.completion.chunk",
        "created": 1700000000,
        "model": MODEL,
        "choices": choices,
        "usage": usage,
    }


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
MESSAGE = {
    "id": "msg_bench",
    "type": "message",
    "role": "assistant",
    "model": CLAUDE,
    "content": [{"type": "text", "text": TEXT}],
    "stop_reason": "end_turn",
    "stop_sequence": None,
    "usage": {"input_tokens": 57, "output_tokens": 40},
}
WHOLE_MESSAGE = whole(MESSAGE)
MODELS = whole(
    {"object": "list", "data": [{"id": MODEL, "object": "model", "created": 1700000000, "owned_by": "bench"}]}
)


class Answer(NamedTuple):
    """A stream in three parts, of which the middle one is sent as often as is asked for."""

    head: bytes
    event: bytes
    tail: bytes


CHAT = Answer(
    EVENT_HEAD,
    events(chunk({"content": "word "})),
    events(chunk({}, "stop"), chunk({}, usage=USAGE), "[DONE]") + b"0\r\n\r\n",
)
MESSAGES = Answer(
    EVENT_HEAD
    + events(
        {"type": "message_start", "message": {**MESSAGE, "content": [], "stop_reason": None}},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
    ),
    events({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "word "}}),
    events(
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 40},
        },
        {"type": "message_stop"},
    )
    + b"0\r\n\r\n",
)


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
        is_of_claude = url.startswith(b"/v1/messages")
        if not is_of_claude and not url.startswith(b"/v1/chat"):
            self.transport.write(MODELS)
            return
        asked = json.loads(body)
        pause, count = divmod(asked.get("max_tokens", 0), PAUSES)
        if asked.get("stream"):
            self.stream(MESSAGES if is_of_claude else CHAT, count, pause / 1000)
        else:
            answer = WHOLE_MESSAGE if is_of_claude else COMPLETION
            self.later(count * pause / 1000, self.transport.write, answer)

    def stream(self, answer: Answer, count: int, pause: float) -> None:
        if pause:
            self.transport.write(answer.head)
            self.send_events(answer, count, pause)
        else:
            self.transport.write(answer.head + count * answer.event + answer.tail)

    def send_events(self, answer: Answer, left: int, pause: float) -> None:
        if left:
            self.transport.write(answer.event)
            self.later(pause, self.send_events, answer, left - 1, pause)
        else:
            self.transport.write(answer.tail)

    def later(self, seconds: float, call: Callable[..., None], *arguments: Any) -> None:
        if seconds:
            self.pending = self.loop.call_later(seconds, call, *arguments)
        else:
            call(*arguments)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.pending is not None:
            self.pending.cancel()


async def serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(Upstream, "127.0.0.1", port, backlog=1024)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
