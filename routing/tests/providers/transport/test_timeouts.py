"""Every wait has its own limit, and only waiting counts."""

import asyncio
import time

import httpx
import pytest

from routing.tests.providers.transport.hostile import OK, post, send, serving

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n"


def silent_after(answer):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(answer)
        await reader.read()

    return handler


async def test_a_connection_that_does_not_come_about_is_a_connect_timeout(transport, unreachable):
    with pytest.raises(httpx.ConnectTimeout):
        await send(transport, unreachable, connect=0.1)


async def test_a_handshake_that_hears_nothing_is_a_connect_timeout(transport):
    async def handler(server, reader, writer):
        await asyncio.sleep(5)

    async with serving(handler) as server:
        server.scheme = "https"
        with pytest.raises(httpx.ConnectTimeout):
            await send(transport, server, connect=0.1)


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 2", HEAD, HEAD + b"hello"], ids=["all", "head", "body", "half"])
async def test_silence_is_a_read_timeout(transport, answer):
    async with serving(silent_after(answer)) as server:
        started_at = time.monotonic()
        with pytest.raises(httpx.ReadTimeout):
            await send(transport, server, read=0.1)
        took = time.monotonic() - started_at

    assert 0.09 < took < 5


async def test_a_slow_drip_is_no_silence(transport):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        answer = HEAD + b"hello world"
        for start in range(0, len(answer), 8):  # longer than the limit in all
            writer.write(answer[start : start + 8])
            await asyncio.sleep(0.2)

    async with serving(handler) as server:
        response = await send(transport, server, read=1.0)

    assert response.content == b"hello world"


async def test_a_slow_consumer_is_no_silence(transport):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(HEAD + b"hello")
        await asyncio.sleep(0.2)
        writer.write(b" world")
        await reader.read()

    async with serving(handler) as server:
        response = await transport.handle_async_request(post(server, read=0.1))
        received = []
        async for part in response.aiter_raw():
            received.append(part)
            await asyncio.sleep(0.25)
        await response.aclose()

    assert b"".join(received) == b"hello world"


async def test_a_peer_that_does_not_read_is_a_write_timeout(transport):
    async def handler(server, reader, writer):
        writer.transport.pause_reading()
        await asyncio.sleep(5)

    async with serving(handler) as server:
        with pytest.raises(httpx.WriteTimeout):
            await send(transport, server, b"x" * 30_000_000, write=0.2)


async def test_waiting_for_a_free_connection_is_a_pool_timeout(make_transport):
    limits = httpx.Limits(max_connections=1)
    async with make_transport(limits=limits) as transport, serving(silent_after(HEAD)) as server:
        held = await transport.handle_async_request(post(server))
        with pytest.raises(httpx.PoolTimeout):
            await send(transport, server, pool=0.1)
        await held.aclose()


async def test_no_limit_is_no_limit(transport):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        await asyncio.sleep(0.1)
        writer.write(OK)

    async with serving(handler) as server:
        response = await send(transport, server, connect=None, read=None, write=None, pool=None)

    assert response.content == b"ok"


async def test_the_limit_may_be_changed_once_the_head_is_there(transport):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        await asyncio.sleep(0.15)
        writer.write(HEAD + b"hello")
        await reader.read()

    async with serving(handler) as server:
        request = post(server, read=2.0)
        response = await transport.handle_async_request(request)
        request.extensions["timeout"]["read"] = 0.1
        with pytest.raises(httpx.ReadTimeout):
            await asyncio.wait_for(response.aread(), 1)


async def test_a_shorter_limit_holds_on_a_kept_connection(transport):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(OK)
        await server.read_request(reader)
        await reader.read()

    async with serving(handler) as server:
        await send(transport, server, read=60)
        with pytest.raises(httpx.ReadTimeout):
            await send(transport, server, read=0.1)

    assert server.opened == 1


async def test_the_first_byte_may_take_longer_than_the_gaps_after_it(fast):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        await asyncio.sleep(0.2)
        writer.write(HEAD + b"hello")
        await reader.read()

    async with serving(handler) as server:
        response = await fast.handle_async_request(post(server, read=0.1, first_byte=1.0))
        with pytest.raises(httpx.ReadTimeout):
            await response.aread()

    assert response.status_code == 200


async def test_the_first_byte_has_its_own_limit(fast):
    async with serving(silent_after(b"")) as server:
        with pytest.raises(httpx.ReadTimeout):
            await send(fast, server, read=60, first_byte=0.1)


async def test_slow_progress_of_a_large_request_is_no_write_timeout(fast):
    async def handler(server, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        received = 0
        while received < 12_000_000:
            received += len(await reader.read(1_000_000))
            await asyncio.sleep(0.005)
        writer.write(OK)

    async with serving(handler) as server:
        response = await send(fast, server, b"x" * 12_000_000, write=0.15)

    assert response.content == b"ok"
