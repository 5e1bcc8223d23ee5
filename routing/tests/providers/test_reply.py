"""Over real sockets: what closing, draining and endless bodies do to the upstream's connection."""

import asyncio
from contextlib import asynccontextmanager

import httpx
import msgspec
import pytest

from routing.providers import reply
from routing.providers.base import Call, ProviderUnavailableError
from routing.providers.http import PlainTransport, Upstream
from routing.providers.openai_compatible import OpenAICompatible
from routing.providers.transport import FastTransport
from routing.tests.providers.replies import Pieces, answering, transcript, upstream

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
FRAME = b'data: {"id":"1","model":"m","choices":[{"delta":{"content":"a"},"finish_reason":null}]}\n\n'
CALL = Call("m", {"messages": []}, "attempt", raw={"messages": msgspec.Raw(b"[]")})


def chunked(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


@asynccontextmanager
async def provider_of(answer, transport):
    """A provider before a server that answers each request by `answer(writer)`; `gone` tells of hang-ups."""
    gone = asyncio.Event()

    async def handle(reader, writer):
        while await reader.readline():
            while await reader.readline() not in (b"\r\n", b""):
                pass
            await reader.readexactly(
                len(b'{"messages":[],"model":"m","stream":true,"stream_options":{"include_usage":true}}')
            )
            await answer(writer)
        gone.set()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    provider = OpenAICompatible(Upstream(transport(), address, label="the server", headers={}))
    try:
        yield provider, gone
    finally:
        await provider.aclose()
        await asyncio.wait_for(gone.wait(), 5)
        server.close()
        await asyncio.sleep(0)


@pytest.fixture(params=[FastTransport, PlainTransport])
def transport(request):
    return request.param


async def test_who_hangs_up_stops_the_upstream_at_once(transport):
    async def endless(writer):
        writer.write(HEAD + chunked(FRAME))

    async with provider_of(endless, transport) as (provider, gone):
        stream = await provider.stream(CALL)
        first = await anext(stream.batches)

        await stream.batches.aclose()

        async with asyncio.timeout(0.1):
            await gone.wait()
    assert first == FRAME


async def test_a_connection_is_used_again_after_a_whole_stream(transport):
    answers = []

    async def whole(writer):
        answers.append(writer.get_extra_info("peername"))
        writer.write(HEAD + chunked(transcript("openai/text.sse")) + chunked(b""))

    async with provider_of(whole, transport) as (provider, _):
        for _ in range(2):
            stream = await provider.stream(CALL)
            async for _ in stream.batches:
                pass

    assert len(answers) == 2
    assert len(set(answers)) == 1


async def test_a_server_that_does_not_hang_up_after_the_end_is_not_waited_for(transport, monkeypatch):
    monkeypatch.setattr(reply, "DRAIN_SECONDS", 0.05)

    async def lingering(writer):
        writer.write(HEAD + chunked(transcript("openai/text.sse")))

    async with provider_of(lingering, transport) as (provider, gone):
        stream = await provider.stream(CALL)

        async with asyncio.timeout(1):
            async for _ in stream.batches:
                pass
            await gone.wait()

    assert stream.account.is_complete


async def test_an_answer_without_end_is_given_up(monkeypatch):
    monkeypatch.setattr(reply, "WHOLE_ANSWER_LIMIT", 100_000)
    flood = Pieces(*[b"x" * 60_000] * 3)
    provider = OpenAICompatible(upstream(answering(flood)))

    with pytest.raises(ProviderUnavailableError, match="more than 100000 bytes"):
        await provider.complete(CALL)

    assert flood.is_closed


@pytest.mark.parametrize("error", [httpx.ConnectError, httpx.ReadError])
def test_where_an_upstream_is_stands_in_the_log_and_not_in_what_a_client_is_told(error, caplog):
    told = reply.broken(error("connect call failed ('10.1.2.3', 11434)"), "the local model server")

    assert "10.1.2.3" not in told.message
    assert "10.1.2.3" in caplog.text
