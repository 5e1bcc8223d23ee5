"""Wherever the network cuts an answer, each face says the same: golden transcripts of every provider, on every face."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from routing.providers import chunks
from routing.providers.anthropic import Anthropic
from routing.providers.base import Call, ProviderError
from routing.providers.ollama import Ollama
from routing.providers.openai_compatible import OpenAICompatible
from routing.tests.providers.replies import Pieces, answering, cut, transcript, upstream
from smartgateway.api.completions import CompletionsRenderer
from smartgateway.api.messages.response import MessagesRenderer
from smartgateway.api.responses.stream import ResponsesRenderer
from smartgateway.api.responses.toolbox import Toolbox
from smartgateway.api.sse import ChatRenderer
from smartgateway.completions.errors import as_gateway_error
from smartgateway.completions.relay import Rendering

TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]
BODY = {"messages": [{"role": "user", "content": "Hi"}], "stream_options": {"include_usage": True}}
CHAT = Call("m", {**BODY, "tools": TOOLS}, "attempt-1", dialect="none")
FILL = Call("m", {**BODY, "prompt": "a", "suffix": "b"}, "attempt-1", dialect="none")
FACES = {
    "chat": lambda: ChatRenderer(include_usage=True),
    "messages": lambda: MessagesRenderer(CHAT.body),
    "responses": lambda: ResponsesRenderer({}, Toolbox()),
    "completions": lambda: CompletionsRenderer(include_usage=True),
}


class Golden(NamedTuple):
    transcript: str
    provider: Callable
    is_fill: bool = False


def claude(body):
    return Anthropic(upstream(answering(body)))


def compatible(body):
    return OpenAICompatible(upstream(answering(body)))


def ollama(body):
    return Ollama(upstream(answering(body)), num_ctx=4096, keep_alive="5m")


CHATS = [
    *(
        Golden(f"anthropic/{name}.sse", claude)
        for name in ("text", "tools", "length", "refusal", "foreign", "overloaded")
    ),
    *(Golden(f"openai/{name}.sse", compatible) for name in ("text", "tools", "length", "cut")),
    *(Golden(f"ollama/{name}.ndjson", ollama) for name in ("text", "tools", "tool_as_text", "length", "crashed")),
]
FILLS = [Golden("openai/fill.sse", compatible, True), Golden("ollama/fill.ndjson", ollama, True)]


async def said(golden, render, pieces):
    """All that a client would read."""
    provider = golden.provider(Pieces(*pieces))
    stream = await (provider.fill(FILL) if golden.is_fill else provider.stream(CHAT))
    rendering, events = Rendering(SimpleNamespace(chunks_relayed=0), render), b""
    try:
        async for batch in stream.batches:
            events += rendering.events(batch)
    except ProviderError as exc:
        return events + render.error(as_gateway_error(exc))
    return events + rendering.end()


@pytest.mark.parametrize("face", FACES)
@pytest.mark.parametrize("golden", CHATS, ids=lambda golden: golden.transcript)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=8)
@given(places=st.lists(st.integers(0, 10_000), max_size=12), with_crlf=st.booleans())
async def test_any_split_of_any_transcript_is_the_same_on_every_face(monkeypatch, golden, face, places, with_crlf):
    monkeypatch.setattr(chunks.time, "time", lambda: 1_790_000_000)
    content = transcript(golden.transcript)
    expected = await said(golden, FACES[face](), [content])

    told = await said(golden, FACES[face](), cut(content.replace(b"\n", b"\r\n") if with_crlf else content, places))

    assert told == expected


@pytest.mark.parametrize("golden", FILLS, ids=lambda golden: golden.transcript)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
@given(places=st.lists(st.integers(0, 10_000), max_size=12))
async def test_any_split_of_what_was_filled_in_is_the_same(monkeypatch, golden, places):
    monkeypatch.setattr(chunks.time, "time", lambda: 1_790_000_000)
    content = transcript(golden.transcript)
    expected = await said(golden, FACES["completions"](), [content])

    told = await said(golden, FACES["completions"](), cut(content, places))

    assert "世界".encode() in told
    assert told == expected
