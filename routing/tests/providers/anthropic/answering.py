"""A Claude that answers what was recorded of the real one."""

import httpx

from routing.providers.anthropic import Anthropic
from routing.providers.base import Call
from routing.tests.providers.replies import Pieces, answering, outcome_of, transcript, upstream

NAMES = ("text", "tools", "refusal", "overloaded")
TRANSCRIPTS = {name: transcript(f"anthropic/{name}.sse") for name in NAMES}
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("mcp.weather", "ping")]


def call(**body):
    return Call("claude-opus-5-5", {"messages": [{"role": "user", "content": "Hi"}], **body}, "attempt-1")


def provider(content, status=200, **given):
    return Anthropic(upstream(answering(content, status, {"content-type": "text/event-stream", **given})))


async def streamed(content, **body):
    stream = content if isinstance(content, httpx.AsyncByteStream) else Pieces(content)
    opened = await provider(stream).stream(call(tools=TOOLS, **body))
    chunks, error = await outcome_of(opened)
    for chunk in chunks:
        chunk.pop("created")
    return opened, chunks, error


def deltas(chunks):
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]
