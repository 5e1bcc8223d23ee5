"""Answers of views, crashes, and clients that hang up."""

import asyncio
import gc
import weakref
from contextlib import suppress

import pytest
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.base import GatewayView
from smartgateway.api.slim import serve
from smartgateway.api.sse import EventStream
from smartgateway.api.tests.slim.connection import Client, Echo, scope
from smartgateway.completions.relay import Last


async def test_an_answered_request_is_let_go_without_the_help_of_the_garbage_collector():
    seen = []

    class Seeing(Echo):
        async def post(self, request):
            seen.extend(map(weakref.ref, (request, request._request, request.receive.__self__)))
            return await super().post(request)

    client = Client(b"{}")
    gc.disable()
    try:
        task = asyncio.create_task(serve(Seeing.as_view(), scope(x_api_key="k"), client.receive, client.send))
        await task
        del task
        await asyncio.sleep(0)  # the listener's own end
        await asyncio.sleep(0)
        kept = [ref() for ref in seen if ref() is not None]
    finally:
        gc.enable()

    assert client.status == 200
    assert len(seen) == 3
    assert kept == []


async def test_a_crash_of_ours_is_a_500_that_tells_nothing_of_it(caplog):
    class Broken(GatewayView):
        async def post(self, request: Request) -> HttpResponse:
            raise RuntimeError("secret detail")

    client = Client(b"{}")

    await serve(Broken.as_view(), scope(x_api_key="k"), client.receive, client.send)

    assert client.status == 500
    assert b"secret" not in client.answer
    assert "secret detail" in caplog.text


async def test_a_client_that_hangs_up_cancels_the_view():
    ended = asyncio.Event()

    class Slow(GatewayView):
        async def post(self, request: Request) -> HttpResponse:
            with suppress(RuntimeError):
                try:
                    await asyncio.sleep(30)
                finally:
                    ended.set()
            raise AssertionError("was not cancelled")

    client = Client(b"{}")
    serving = asyncio.create_task(serve(Slow.as_view(), scope(x_api_key="k"), client.receive, client.send))
    await asyncio.sleep(0.01)
    client.hung_up.set()
    await asyncio.wait_for(serving, 1)

    assert ended.is_set()
    assert client.sent == []


async def test_a_client_that_hangs_up_closes_the_stream():
    closed = asyncio.Event()

    async def events():
        try:
            yield b"data: 1\n\n"
            await asyncio.sleep(30)
        finally:
            closed.set()

    class Streamed(GatewayView):
        async def post(self, request: Request) -> HttpResponse:
            return EventStream(events())

    client = Client(b"{}")
    serving = asyncio.create_task(serve(Streamed.as_view(), scope(x_api_key="k"), client.receive, client.send))
    await asyncio.sleep(0.01)
    client.hung_up.set()
    await asyncio.wait_for(serving, 1)

    assert closed.is_set()
    assert client.answer == b"data: 1\n\n"


@pytest.mark.parametrize(("end", "messages"), [(b"data: 2\n\n", 4), (Last(b"data: 2\n\n"), 3)], ids=["open", "last"])
async def test_the_end_of_a_stream_needs_no_message_of_its_own(end, messages):
    async def events():
        yield b"data: 1\n\n"
        yield end

    class Streamed(GatewayView):
        async def post(self, request: Request) -> HttpResponse:
            return EventStream(events())

    client = Client(b"{}")

    await serve(Streamed.as_view(), scope(x_api_key="k"), client.receive, client.send)

    assert client.answer == b"data: 1\n\ndata: 2\n\n"
    assert len(client.sent) == messages
    assert not client.sent[-1].get("more_body")
