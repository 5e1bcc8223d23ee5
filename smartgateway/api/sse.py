"""Server-sent events: the response that the slim handler relays, and the frames of OpenAI's streams."""

from collections.abc import AsyncGenerator

import msgspec

from routing.providers.base import ChatCompletionChunk
from smartgateway.api.errors import openai_body
from smartgateway.api.headers import Marked
from smartgateway.completions.errors import GatewayError

encode = msgspec.json.Encoder().encode


class EventStream(Marked):
    """A stream whose `events` the handler relays, and closes when the client goes away. Of Django's response only
    the name is used: a stream's headers are always the same, and `fields`."""

    def __init__(self, events: AsyncGenerator[bytes, None]) -> None:
        self.events = events


class ChatRenderer:
    """OpenAI's chat stream. The usage chunk goes only to clients that asked for it: others read `choices[0]`."""

    def __init__(self, *, include_usage: bool) -> None:
        self.include_usage = include_usage

    def chunk(self, chunk: ChatCompletionChunk) -> bytes:
        if not chunk.get("choices") and not self.include_usage:
            return b""
        return b"data: " + encode(chunk) + b"\n\n"

    def end(self) -> bytes:
        return b"data: [DONE]\n\n"

    def error(self, exc: GatewayError) -> bytes:
        return b"data: " + encode(openai_body(exc)) + b"\n\n"
