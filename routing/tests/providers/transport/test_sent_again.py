"""Whether a request is sent once more: only over a kept connection that was closed without a byte."""

import asyncio

import httpx
import pytest

from routing.providers.transport import exchange
from routing.tests.providers.transport.hostile import OK, closing, send, serving


def hangs_up_on_the_second(before=b"", pause=0.0):
    """The first connection answers once and hangs up when the next request has come; later ones answer."""

    async def handler(server, reader, writer):
        is_first = server.opened == 1
        await server.read_request(reader)
        writer.write(OK)
        await server.read_request(reader)
        if is_first:
            await asyncio.sleep(pause)
            writer.write(before)
        else:
            writer.write(OK)

    return handler


async def test_a_request_on_a_kept_connection_that_was_closed_without_a_byte_is_sent_once_more(fast):
    async with serving(hangs_up_on_the_second()) as server:
        await send(fast, server, b"first")
        response = await send(fast, server, b"second")

    assert response.content == b"ok"
    assert [body for _, body in server.requests] == [b"first", b"second", b"second"]


async def test_a_request_is_sent_once_more_even_when_other_kept_connections_are_closed_too(fast):
    async def handler(server, reader, writer):
        is_old = server.opened <= 4
        await server.read_request(reader)
        await asyncio.sleep(0.01)
        writer.write(OK)
        await server.read_request(reader)
        if not is_old:
            writer.write(OK)

    async with serving(handler) as server:
        await asyncio.gather(*(send(fast, server) for _ in range(4)))
        response = await send(fast, server, b"second")

    assert (response.content, server.opened) == (b"ok", 5)


async def test_a_request_on_a_new_connection_is_never_sent_again(transport):
    async with serving(closing(b"")) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await send(transport, server)

    assert len(server.requests) == 1


async def test_a_request_whose_answer_began_is_never_sent_again(transport):
    async with serving(hangs_up_on_the_second(before=b"H")) as server:
        await send(transport, server, b"first")
        with pytest.raises(httpx.RemoteProtocolError):
            await send(transport, server, b"second")

    assert [body for _, body in server.requests] == [b"first", b"second"]


async def test_a_request_that_the_peer_had_time_to_work_on_is_never_sent_again(transport, monkeypatch):
    monkeypatch.setattr(exchange, "STALE_SECONDS", 0.02)
    async with serving(hangs_up_on_the_second(pause=0.05)) as server:
        await send(transport, server, b"first")
        with pytest.raises(httpx.RemoteProtocolError):
            await send(transport, server, b"second")

    assert [body for _, body in server.requests] == [b"first", b"second"]


async def test_a_request_that_timed_out_is_never_sent_again(transport):
    async with serving(hangs_up_on_the_second(pause=1)) as server:
        await send(transport, server, b"first")
        with pytest.raises(httpx.ReadTimeout):
            await send(transport, server, b"second", read=0.05)

    assert [body for _, body in server.requests] == [b"first", b"second"]


async def test_a_streamed_request_is_never_sent_again(transport):
    async def parts():
        yield b"second"

    async with serving(hangs_up_on_the_second()) as server:
        await send(transport, server, b"first")
        with pytest.raises(httpx.RemoteProtocolError):
            await send(transport, server, parts())

    assert [body for _, body in server.requests] == [b"first", b"second"]
