"""What breaks, breaks with httpx's own words, and never mixes up two answers."""

import asyncio
import socket

import httpx
import pytest

from routing.tests.providers.transport.hostile import OK, Server, answering, closing, post, reset, send, serving

SIZED_SHORT = b"HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nhello"
CHUNKED_SHORT = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n"


async def test_a_refused_connection_is_a_connect_error(transport):
    server = Server("http")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        server.port = unused.getsockname()[1]

        with pytest.raises(httpx.ConnectError):
            await send(transport, server)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        pytest.param(b"", httpx.RemoteProtocolError, id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", httpx.RemoteProtocolError, id="half a head"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", httpx.RemoteProtocolError, id="another protocol"),
        pytest.param(b"HTTP/1.1 OK\r\n\r\n", httpx.RemoteProtocolError, id="no status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", httpx.RemoteProtocolError, id="bad header"),
        pytest.param(SIZED_SHORT, httpx.RemoteProtocolError, id="half a sized body"),
        pytest.param(CHUNKED_SHORT, httpx.RemoteProtocolError, id="half a chunked body"),
        pytest.param(CHUNKED_SHORT + b"zz\r\n", httpx.RemoteProtocolError, id="bad chunk size"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc",
            httpx.RemoteProtocolError,
            id="two lengths",
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n", httpx.RemoteProtocolError, id="bad length"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 300_000, httpx.RemoteProtocolError, id="endless header"),
        pytest.param(b"HTTP/1.1 200 OK\r\n" + b"x: y\r\n" * 50_000, httpx.RemoteProtocolError, id="endless headers"),
    ],
)
async def test_a_broken_answer_is_an_error_of_the_peer(transport, answer, error):
    async with serving(closing(answer)) as server:
        with pytest.raises(error):
            await send(transport, server)


async def test_what_came_before_the_break_is_delivered(transport):
    async with serving(closing(SIZED_SHORT)) as server:
        response = await transport.handle_async_request(post(server))
        received = bytearray()
        with pytest.raises(httpx.RemoteProtocolError):
            await collect(response, received)

    assert received == b"hello"


async def collect(response, received):
    async for part in response.aiter_raw():
        received += part


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\n", SIZED_SHORT], ids=["before", "in the head", "in the body"]
)
async def test_a_reset_is_a_read_error(transport, answer):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(answer)
        await asyncio.sleep(0.01)
        reset(writer)

    async with serving(handler) as server:
        with pytest.raises(httpx.ReadError):
            await send(transport, server)


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;" + b"x" * 300_000, id="chunk extension"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000, id="1xx"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nx: " + b"y" * 600_000, id="trailer"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70_000 + b"\r\ncontent-length: 2\r\n\r\nok", id="one large header"
        ),
        pytest.param(b"HTTP/1.1 099 Odd\r\ncontent-length: 2\r\n\r\nok", id="status below 100"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n", id="101"),
    ],
)
async def test_an_answer_without_end_or_sense_is_cut_off(fast, answer):
    async with serving(closing(answer)) as server:
        with pytest.raises(httpx.RemoteProtocolError):
            await send(fast, server)


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil", b"rest of a longer body"])
async def test_more_than_was_announced_is_never_the_next_answer(fast, extra):
    async with serving(answering(OK + extra, OK)) as server:
        first = await send(fast, server)
        second = await send(fast, server)

    assert (first.content, second.content, server.opened) == (b"ok", b"ok", 2)


async def test_bytes_on_a_free_connection_close_it(fast):
    closed = asyncio.Event()

    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(OK)
        await asyncio.sleep(0.01)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nevil")
        await reader.read()
        closed.set()

    async with serving(handler) as server:
        first = await send(fast, server)
        async with asyncio.timeout(30):
            await closed.wait()
        second = await send(fast, server)

    assert (first.content, second.content, server.opened) == (b"ok", b"ok", 2)


async def test_a_body_after_a_bodiless_answer_is_never_the_next_answer(fast):
    async with serving(answering(OK)) as server:
        head = await send(fast, server, None, method="HEAD")
        after = await send(fast, server)

    assert (head.content, after.content, server.opened) == (b"", b"ok", 2)


@pytest.mark.parametrize("value", ["1\r\nx-two: 2", "1\0"], ids=["line break", "null byte"])
async def test_a_header_that_would_be_more_than_a_header_is_not_sent(transport, value):
    async with serving(answering(OK)) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await send(transport, server, headers={"x-one": value})

    assert server.requests == []


@pytest.mark.parametrize("length", ["1", "3", "2, 2"])
async def test_a_body_of_another_length_than_announced_is_not_sent(fast, length):
    async with serving(answering(OK)) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await send(fast, server, b"{}", headers={"content-length": length})

    assert server.opened == 0


@pytest.mark.parametrize("length", ["5", "7"], ids=["too short", "too long"])
async def test_a_streamed_body_of_another_length_than_announced_is_never_a_whole_request(fast, length):
    async def parts():
        yield b"one"
        yield b"two"

    async with serving(answering(OK)) as server:
        with pytest.raises(httpx.LocalProtocolError):
            await send(fast, server, parts(), headers={"content-length": length})

    assert server.requests == []


async def test_a_streamed_body_that_fails_takes_its_connection_with_it(transport):
    async def parts():
        yield b"one"
        raise KeyError("ours")

    async with serving(answering(OK)) as server:
        with pytest.raises(KeyError, match="ours"):
            await send(transport, server, parts())
        after = await send(transport, server)

    assert (after.content, server.opened) == (b"ok", 2)


async def test_other_schemes_are_refused(transport):
    with pytest.raises(httpx.UnsupportedProtocol):
        await transport.handle_async_request(httpx.Request("GET", "ftp://127.0.0.1/"))


async def test_a_closed_transport_connects_no_more(fast):
    async with serving(answering(OK)) as server:
        await send(fast, server)
        await fast.aclose()

        with pytest.raises(httpx.ConnectError):
            await send(fast, server)
