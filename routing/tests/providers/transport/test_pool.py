"""Connections that are kept, shared, waited for and closed."""

import asyncio

import httpx

from routing.providers.transport import FastTransport
from routing.tests.providers.transport.conftest import TLS
from routing.tests.providers.transport.hostile import OK, answering, closing, eventually, post, reset, send, serving

CLOSE = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok"


async def test_a_connection_is_kept(transport):
    async with serving(answering(OK)) as server:
        for _ in range(5):
            await send(transport, server)

    assert server.opened == 1


async def test_a_connection_is_not_kept_against_the_peers_word(transport):
    async with serving(answering(OK, CLOSE)) as server:
        contents = [(await send(transport, server)).content for _ in range(4)]

    assert (contents, server.opened) == ([b"ok"] * 4, 2)


async def test_a_connection_is_not_kept_against_our_word(transport):
    async with serving(answering(OK)) as server:
        for _ in range(2):
            await send(transport, server, headers={"connection": "close"})

    assert server.opened == 2


async def test_a_free_connection_that_the_peer_closed_is_noticed(transport):
    async with serving(closing(OK)) as server:
        contents = []
        for _ in range(3):
            contents.append((await send(transport, server)).content)
            await asyncio.sleep(0.02)

    assert (contents, server.opened) == ([b"ok"] * 3, 3)


async def test_two_hundred_at_once_share_thirty_two_connections(make_transport):
    async def handler(server, reader, writer):
        while True:
            _, body = await server.read_request(reader)
            await asyncio.sleep(0.002)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body))

    limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
    async with make_transport(limits=limits) as transport, serving(handler) as server:
        bodies = [b"request %d" % number for number in range(200)]
        responses = await asyncio.gather(*(send(transport, server, body) for body in bodies))

    assert [response.content for response in responses] == bodies
    assert server.most == 32


async def test_no_more_are_kept_than_wanted(make_transport):
    limits = httpx.Limits(max_connections=8, max_keepalive_connections=2)
    async with make_transport(limits=limits) as transport, serving(answering(OK)) as server:
        await asyncio.gather(*(send(transport, server) for _ in range(8)))
        await eventually(lambda: server.current <= 2)


async def test_whoever_stops_waiting_leaves_the_line(make_transport):
    async def handler(server, reader, writer):
        while True:
            await server.read_request(reader)
            await asyncio.sleep(0.03)
            writer.write(OK)

    async with make_transport(limits=httpx.Limits(max_connections=1)) as transport, serving(handler) as server:
        tasks = [asyncio.create_task(send(transport, server)) for _ in range(6)]
        await asyncio.sleep(0.01)
        for task in tasks[1::2]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [isinstance(result, asyncio.CancelledError) for result in results] == [False, True] * 3
    assert (len(server.requests), server.opened) == (3, 1)


async def test_a_connection_handed_to_someone_who_just_gave_up_is_passed_on(fast_of_one):
    go_on = asyncio.Event()

    async def handler(server, reader, writer):
        await server.read_request(reader)
        writer.write(OK[:-1])
        await go_on.wait()
        writer.write(OK[-1:])
        await answering(OK)(server, reader, writer)

    async with serving(handler) as server:
        held = await fast_of_one.handle_async_request(post(server))
        first, second = (asyncio.create_task(send(fast_of_one, server)) for _ in range(2))
        await asyncio.sleep(0.01)
        go_on.set()
        while held.stream.connection is not None:  # noqa: ASYNC110 (the very turn of the loop that hands it over)
            await asyncio.sleep(0)
        first.cancel()
        response = await second

    assert first.cancelled()
    assert (response.content, server.opened, len(server.requests)) == (b"ok", 1, 2)


async def test_a_failed_connection_attempt_gives_its_place_to_the_next(make_transport):
    async def handler(server, reader, writer):
        if server.opened == 1:
            reset(writer)
        else:
            await answering(OK)(server, reader, writer)

    async with make_transport(limits=httpx.Limits(max_connections=1)) as transport, serving(handler) as server:
        results = await asyncio.gather(*(send(transport, server) for _ in range(3)), return_exceptions=True)

    assert sum(isinstance(result, httpx.TransportError) for result in results) == 1
    assert sum(isinstance(result, httpx.Response) for result in results) == 2


async def test_a_free_connection_is_closed_after_its_time():
    limits = httpx.Limits(max_connections=4, keepalive_expiry=0.05)
    async with FastTransport(limits=limits, verify=TLS) as transport, serving(answering(OK)) as server:
        await send(transport, server, read=60)
        await eventually(lambda: server.current == 0)


async def test_closing_the_transport_closes_every_connection(make_transport):
    transport = make_transport()
    async with serving(answering(OK)) as server:
        await asyncio.gather(*(send(transport, server) for _ in range(4)))
        await transport.aclose()

        await eventually(lambda: server.current == 0)


async def test_closing_the_transport_ends_what_is_under_way(fast_of_one):
    async def handler(server, reader, writer):
        await server.read_request(reader)
        await reader.read()

    async with serving(handler) as server:
        tasks = [asyncio.create_task(send(fast_of_one, server)) for _ in range(2)]
        await eventually(lambda: server.requests)
        await fast_of_one.aclose()
        results = await asyncio.gather(*tasks, return_exceptions=True)

    assert [type(result) for result in results] == [httpx.ReadError, httpx.ConnectError]
