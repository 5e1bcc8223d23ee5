"""Every test runs on both transports and on both event loops that the gateway may run on."""

import asyncio
import socket

import httpx
import pytest
import pytest_asyncio
import uvloop

from routing.providers.transport import FastTransport
from routing.tests.providers.transport.hostile import Server

TLS = httpx.create_ssl_context()  # made once: each costs 20 ms
MAKERS = {"fast": FastTransport, "httpx": httpx.AsyncHTTPTransport}


def pytest_asyncio_loop_factories():
    return {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


@pytest.fixture(params=sorted(MAKERS))
def make_transport(request):
    return lambda **options: MAKERS[request.param](**{"verify": TLS} | options)


@pytest_asyncio.fixture
async def transport(make_transport):
    async with make_transport() as transport:
        yield transport


@pytest_asyncio.fixture
async def fast():
    async with FastTransport(verify=TLS) as transport:
        yield transport


@pytest_asyncio.fixture
async def fast_of_one():
    async with FastTransport(verify=TLS, limits=httpx.Limits(max_connections=1)) as transport:
        yield transport


@pytest.fixture
def unreachable():
    """Listens, but its queue is full: a further connection attempt hears nothing."""
    server = Server("http")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        server.port = listener.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", server.port))
        yield server
        for filler in fillers:
            filler.close()
