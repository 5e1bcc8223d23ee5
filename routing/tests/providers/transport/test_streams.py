"""Streams pass at once, at the consumer's pace, and end for the peer when they end for us."""

import asyncio
import hashlib
import time
from contextlib import suppress

import httpx
import pytest

from routing.tests.providers.transport.hostile import OK, answering, eventually, post, serving

PROMPT_SECONDS = 1.0  # on a busy machine; a tenth of it on a free one
HEAD = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def chunk(data):
    return b"%x\r\n%b\r\n" % (len(data), data)


async def test_each_event_passes_before_the_next_is_made(transport):
    heard = asyncio.Event()

    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(HEAD)
        for number in range(5):
            writer.write(chunk(b"data: %d\n\n" % number))
            await heard.wait()
            heard.clear()
        writer.write(chunk(b""))
        await reader.read()

    async with serving(handler) as server:
        response = await transport.handle_async_request(post(server))
        events = []
        async for part in response.aiter_raw():
            events.append(part)
            heard.set()
        await response.aclose()

    assert events == [b"data: %d\n\n" % number for number in range(5)]


async def test_a_slow_reader_slows_the_peer_and_gets_everything(transport):
    part = bytes(range(256)) * 256  # 64 KiB
    sent = 0

    async def handler(server, reader, writer):
        nonlocal sent
        await server.read_request(reader)
        writer.write(HEAD)
        for _ in range(512):
            writer.write(chunk(part))
            await writer.drain()
            sent += len(part)
        writer.write(chunk(b""))
        await reader.read()

    async with serving(handler) as server:
        response = await transport.handle_async_request(post(server))
        await asyncio.sleep(0.2)
        sent_unread = sent
        digest = hashlib.sha256()
        async for data in response.aiter_raw():
            digest.update(data)
        await response.aclose()

    assert sent_unread < 16_000_000  # the kernel's buffers and ours, of 32 MiB
    assert digest.hexdigest() == hashlib.sha256(part * 512).hexdigest()


async def test_what_waits_for_a_slow_reader_is_bounded(fast):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(HEAD)
        while True:
            writer.write(chunk(b"x" * 65_536))
            await writer.drain()

    async with serving(handler) as server:
        response = await fast.handle_async_request(post(server))
        await eventually(lambda: response.stream.buffered)
        await asyncio.sleep(0.1)
        waiting = response.stream.buffered
        await response.aclose()

    assert 0 < waiting < 600_000


async def test_a_connection_is_kept_after_its_reader_was_slow(transport):
    large = b"HTTP/1.1 200 OK\r\ncontent-length: 4000000\r\n\r\n" + b"x" * 4_000_000
    async with serving(answering(large)) as server:
        for _ in range(3):
            response = await transport.handle_async_request(post(server))
            await asyncio.sleep(0.02)
            received = [part async for part in response.aiter_raw()]
            await response.aclose()

            assert sum(map(len, received)) == 4_000_000

    assert server.opened == 1


class Endless:
    """Streams until the other side is gone, and remembers when it noticed."""

    def __init__(self, head=b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n"):
        self.head = head
        self.gone = asyncio.get_running_loop().create_future()

    async def __call__(self, server, reader, writer):
        await server.read_request(reader)
        writer.write(self.head)
        with suppress(ConnectionError):
            await reader.read()
        self.gone.set_result(time.monotonic())

    async def noticed_since(self, hung_up_at):
        return await asyncio.wait_for(self.gone, 2) - hung_up_at


async def first_part(response):
    async for part in response.aiter_raw():
        return part


async def test_the_peer_notices_a_reader_that_closes(transport):
    handler = Endless()
    async with serving(handler) as server:
        response = await transport.handle_async_request(post(server))
        await response.aclose()

        assert await handler.noticed_since(time.monotonic()) < PROMPT_SECONDS


async def test_the_peer_notices_a_reader_that_closes_in_the_middle(transport):
    handler = Endless()
    async with serving(handler) as server:
        response = await transport.handle_async_request(post(server))
        await first_part(response)
        await response.aclose()

        assert await handler.noticed_since(time.monotonic()) < PROMPT_SECONDS


@pytest.mark.parametrize("head", [b"", HEAD], ids=["before the head", "in the body"])
async def test_the_peer_notices_a_reader_that_is_cancelled(transport, head):
    handler = Endless(head)

    async def read():
        response = await transport.handle_async_request(post(server))
        try:
            await response.aread()
        finally:
            await response.aclose()

    async with serving(handler) as server:
        task = asyncio.create_task(read())
        await eventually(lambda: server.requests)
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert await handler.noticed_since(time.monotonic()) < PROMPT_SECONDS


async def test_the_peer_notices_a_reader_that_timed_out(transport):
    handler = Endless()
    async with serving(handler) as server:
        response = await transport.handle_async_request(post(server, read=0.05))
        with pytest.raises(httpx.ReadTimeout):
            await response.aread()

        assert await handler.noticed_since(time.monotonic()) < PROMPT_SECONDS


async def test_an_abandoned_stream_gives_its_place_to_the_next(make_transport):
    async def handler(server, reader, writer):
        if server.opened == 1:
            await Endless()(server, reader, writer)
        await answering(OK)(server, reader, writer)

    async with make_transport(limits=httpx.Limits(max_connections=1)) as transport, serving(handler) as server:
        response = await transport.handle_async_request(post(server))
        waiting = asyncio.create_task(transport.handle_async_request(post(server)))
        await asyncio.sleep(0.01)
        await response.aclose()
        answer = await (await waiting).aread()

    assert (answer, server.opened) == (b"ok", 2)


async def test_a_reader_waiting_elsewhere_is_told_when_the_stream_is_closed(fast):
    async with serving(Endless(HEAD)) as server:
        response = await fast.handle_async_request(post(server))
        reading = asyncio.create_task(response.aread())
        await asyncio.sleep(0.01)
        await response.aclose()

        with pytest.raises(httpx.ReadError):
            await reading


async def test_it_serves_an_httpx_client(transport):
    async with serving(answering(OK)) as server, httpx.AsyncClient(transport=transport) as client:
        whole = await client.post(server.url, json={"a": 1})
        async with client.stream("POST", server.url, json={"a": 1}) as streamed:
            parts = [part async for part in streamed.aiter_bytes()]

    assert (whole.text, b"".join(parts), server.opened) == ("ok", b"ok", 1)
