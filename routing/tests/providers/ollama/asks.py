"""Calls of an Ollama, and its answers line by line."""

import json

import httpx

from routing.providers.base import Call
from routing.providers.ollama import Ollama
from routing.tests.providers.replies import Pieces, answering, outcome_of, transcript, upstream

NAMES = ("text", "tools", "tool_as_text", "crashed")
TRANSCRIPTS = {name: transcript(f"ollama/{name}.ndjson") for name in NAMES}
TOOLS = [{"type": "function", "function": {"name": name}} for name in ("weather", "ping")]


def call(content="Hi", **body):
    return Call("qwen", {"messages": [{"role": "user", "content": content}], **body}, "attempt-1")


def provider(content, status=200, **given):
    handler = answering(content, status, {"content-type": "application/x-ndjson", **given})
    return Ollama(upstream(handler), num_ctx=4096, keep_alive="5m")


async def streamed(content, **body):
    stream = content if isinstance(content, httpx.AsyncByteStream) else Pieces(content)
    opened = await provider(stream).stream(call(**body))
    chunks, error = await outcome_of(opened)
    for chunk in chunks:
        chunk.pop("created")
    return opened, chunks, error


def deltas(chunks):
    return [chunk["choices"][0]["delta"] for chunk in chunks if chunk["choices"]]


def lines(*rows):
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def said(*texts, **end):
    rows = [{"model": "qwen", "message": {"content": text}, "done": False} for text in texts]
    return lines(*rows, {"model": "qwen", "message": {"content": ""}, "done": True, **end})


def called(index, call_id, name, arguments):
    function = {"name": name, "arguments": arguments}
    return {"index": index, "id": call_id, "type": "function", "function": function}
