"""The first address that answers wins, and the others leave nothing open."""

import asyncio
import socket
import time

import pytest

from routing.providers.transport.dialling import alternating, first_to_connect
from routing.tests.providers.transport.hostile import OK, answering, serving

V4, V6 = socket.AF_INET, socket.AF_INET6


def address(port):
    return (V4, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("127.0.0.1", port))


@pytest.fixture
def refused():
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        yield address(unused.getsockname()[1])


async def connects_to(addresses):
    started_at = time.monotonic()
    with await first_to_connect(addresses) as sock:
        return sock.getpeername()[1], time.monotonic() - started_at


async def test_an_address_that_refuses_does_not_delay_the_next(refused):
    async with serving(answering(OK)) as server:
        port, took = await connects_to([refused, refused, address(server.port)])

    assert port == server.port
    assert took < 0.45


async def test_an_address_that_is_silent_delays_the_next_by_a_head_start(unreachable):
    async with serving(answering(OK)) as server:
        port, took = await connects_to([address(unreachable.port), address(server.port)])

    assert port == server.port
    assert 0.2 < took < 5


async def test_an_early_address_may_still_win(unreachable, refused):
    async with serving(answering(OK)) as server:
        port, _ = await connects_to([address(server.port), address(unreachable.port), refused])

    assert port == server.port


async def test_when_none_answers_every_reason_is_named(refused):
    with pytest.raises(OSError, match=r"Connect.*; .*Connect"):
        await first_to_connect([refused, refused])


async def test_a_cancelled_attempt_leaves_no_socket_open(unreachable):
    task = asyncio.create_task(first_to_connect([address(unreachable.port)] * 2))
    await asyncio.sleep(0.3)
    task.cancel()

    with pytest.raises(asyncio.CancelledError):
        await task


def test_address_families_take_turns():
    found = [(V6, 1), (V6, 2), (V4, 3), (V6, 4), (V4, 5)]

    assert alternating(found) == [(V6, 1), (V4, 3), (V6, 2), (V4, 5), (V6, 4)]
