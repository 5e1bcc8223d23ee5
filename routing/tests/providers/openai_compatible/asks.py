"""Calls of a server that speaks OpenAI, and its recorded answers."""

import httpx
import msgspec

from routing.providers.base import Call
from routing.providers.openai_compatible import OpenAICompatible, request_of
from routing.tests.providers.replies import Pieces, answering, outcome_of, transcript, upstream

BODY = {"messages": [{"role": "user", "content": "Hi"}]}
RAW = {"model": b'"auto"', "provider": b'"local"', "messages": b'[{"role":"user","content":"Hi"}]', "seed": b"1e400"}
TEXT = transcript("openai/text.sse")
WHOLE = transcript("openai/whole.json")


def call(raw=None, **body) -> Call:
    members = None if raw is None else {name: msgspec.Raw(value) for name, value in raw.items()}
    return Call("qwen", {**BODY, **body}, attempt_id="attempt-1", raw=members)


async def streamed(content, raw=RAW, **body):
    stream = content if isinstance(content, httpx.AsyncByteStream) else Pieces(content)
    provider = OpenAICompatible(upstream(answering(stream, headers={"content-type": "text/event-stream"})))
    opened = await provider.stream(call(raw, **body))
    chunks, error = await outcome_of(opened)
    return opened, chunks, error


def sent(raw=None, **body):
    return msgspec.json.decode(request_of(call(raw, **body))[0])
