"""Streams that last, and upstreams that send anything at all, down the real path and through every local dialect."""

import asyncio
import gc
import tracemalloc
from dataclasses import replace

import httpx
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from routing import breakers
from routing.providers.anthropic import Anthropic
from routing.providers.ollama import Ollama
from routing.providers.openai_compatible import OpenAICompatible
from routing.tests.providers.replies import Pieces, answering, transcript, upstream
from smartgateway.api.completions import CompletionsRenderer
from smartgateway.api.messages.response import MessagesRenderer
from smartgateway.api.responses.stream import ResponsesRenderer
from smartgateway.api.responses.toolbox import Toolbox
from smartgateway.api.sse import ChatRenderer
from smartgateway.completions import path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.tests import conftest as path_conftest
from smartgateway.completions.tests.asks import ask

world, default_policy, default_prices = path_conftest.world, path_conftest.default_policy, path_conftest.default_prices

LINE = b'{"model":"qwen","message":{"role":"assistant","content":"word "},"done":false}\n'
LAST = b'{"model":"qwen","message":{"role":"assistant","content":""},"done":true,"done_reason":"stop"}\n'
FRAME = b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{"content":"word "},"finish_reason":null}]}\n\n'
LAST_FRAMES = (
    b'data: {"id":"1","model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'
)
WARM, LASTING = 1_000, 4_600  # between them an hour's, at one a second
FACES = {
    "chat": (lambda: ChatRenderer(include_usage=False), 10),
    "messages": (lambda: MessagesRenderer({"messages": []}), 10),
    "completions": (lambda: CompletionsRenderer(include_usage=False), 10),
    "responses": (lambda: ResponsesRenderer({}, Toolbox()), 100),  # its end says all of the text again
}  # and the bytes that a chunk may leave behind
BEGINNINGS = {
    "ollama": LINE,
    "openai": FRAME,
    "anthropic": transcript("anthropic/text.sse").rpartition(b"event: content_block_stop")[0],
}
ENDS = (b"[DONE]", b"message_stop", b"response.completed")


class Drip(httpx.AsyncByteStream):
    """Chunk after chunk, each in a read of its own; says how much memory is in use at two moments."""

    def __init__(self, each, last):
        self.each, self.last, self.is_closed = each, last, False
        self.in_use = []

    async def __aiter__(self):
        for number in range(LASTING):
            if number in (WARM, LASTING - 1):
                gc.collect()
                self.in_use.append(tracemalloc.get_traced_memory()[0])
            await asyncio.sleep(0)
            yield self.each
        yield self.last

    async def aclose(self):
        self.is_closed = True


def over(world, stream, dialect="ollama"):
    world.providers.update(local=None, anthropic=None)
    if dialect == "ollama":
        handler = answering(stream, headers={"content-type": "application/x-ndjson"})
        world.providers["local"] = Ollama(upstream(handler), num_ctx=4096, keep_alive="5m")
    elif dialect == "openai":
        world.providers["local"] = OpenAICompatible(upstream(answering(stream)))
    else:
        world.providers["anthropic"] = Anthropic(upstream(answering(stream)))


@pytest.mark.parametrize("face", FACES)
async def test_an_hours_drip_leaves_nothing_lying(world, face):
    render, bytes_each = FACES[face]
    drip = Drip(LINE, LAST)
    over(world, drip)

    await read_through(world, render(), ask(world, stream=True))

    assert drip.in_use[1] - drip.in_use[0] < (LASTING - WARM) * bytes_each
    assert drip.is_closed


async def test_an_hours_drip_that_passes_through_leaves_nothing_lying(world):
    drip = Drip(FRAME, LAST_FRAMES)
    over(world, drip, "openai")
    asked = replace(ask(world, stream=True), raw=b'{"messages":[{"role":"user","content":"Hi"}]}')

    await read_through(world, ChatRenderer(include_usage=False), asked)

    assert drip.in_use[1] - drip.in_use[0] < (LASTING - WARM) * 10
    assert drip.is_closed


async def read_through(world, render, asked):
    streaming = await path.stream(asked, render)
    tracemalloc.start()
    try:
        events = sum([1 async for _ in streaming.events])
    finally:
        tracemalloc.stop()
    assert events == LASTING + 1


@pytest.mark.parametrize("dialect", BEGINNINGS)
@pytest.mark.parametrize("face", FACES)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(start=st.booleans(), garbage=st.lists(st.binary(min_size=1, max_size=60), max_size=5))
async def test_garbage_ends_in_the_faces_error_and_closes_the_connection(world, dialect, face, start, garbage):
    body = begun(world, dialect, start, garbage)

    await check_error(world, body, face, streaming(world, dialect))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(start=st.booleans(), garbage=st.lists(st.binary(min_size=1, max_size=60), max_size=5))
async def test_garbage_that_passes_through_ends_in_the_faces_error_too(world, start, garbage):
    body = begun(world, "anthropic", start, garbage)
    raw = b'{"model":"sonnet","max_tokens":9,"messages":[{"role":"user","content":"Hi"}],"stream":true}'

    await check_error(
        world, body, "messages", replace(streaming(world, "anthropic"), raw=raw, dialect="anthropic", face="messages")
    )


def begun(world, dialect, start, garbage):
    assume(not any(end in b"".join(garbage) for end in ENDS))
    breakers.forget()
    body = Pieces(*([BEGINNINGS[dialect]] if start else []), *garbage)
    over(world, body, dialect)
    return body


def streaming(world, dialect):
    return ask(world, model="sonnet" if dialect == "anthropic" else "local", stream=True)


async def check_error(world, body, face, asked):
    render, _ = FACES[face]
    async with asyncio.timeout(60):
        status, events = await answer_of(render(), asked)

    assert status == 502 or b'"error"' in events[-1]
    assert not any(end in event for event in events for end in ENDS)
    assert body.is_closed
    assert world.record.outcomes[-1].status == "failed"


async def answer_of(render, asked):
    """The status, and what a client would read under it."""
    try:
        opened = await path.stream(asked, render)
    except GatewayError as refused:
        return refused.status, []
    return 200, [event async for event in opened.events]
