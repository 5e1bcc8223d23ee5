"""Streams in silence, and clients that read no more, spoken to as a server would."""

import asyncio

import pytest
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api import answering, base, outgoing
from smartgateway.api.base import GatewayView
from smartgateway.api.messages.response import MessagesRenderer
from smartgateway.api.slim import serve
from smartgateway.api.sse import ChatRenderer, EventStream
from smartgateway.api.tests.slim.connection import Client, scope
from smartgateway.completions import path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Streaming

MESSAGES_PING = b'event: ping\ndata: {"type": "ping"}\n\n'


@pytest.fixture(autouse=True)
def known_key(monkeypatch):
    async def authenticate(request):
        return object()

    monkeypatch.setattr(base, "authenticate", authenticate)
    monkeypatch.setattr(EventStream, "mark", lambda self, exchange: None)
    yield
    assert not outgoing.Outgoing.open
    assert not outgoing.Outgoing.sends


class Upstream:
    """Stands where the path is: silent until told to speak or to fail."""

    def __init__(self, monkeypatch) -> None:
        self.speaks = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.failure = None
        self.is_closed = False
        monkeypatch.setattr(path, "stream", self.stream)

    async def stream(self, ask, render):
        await self.speaks.wait()
        if self.failure:
            raise self.failure
        return Streaming(None, self.events())

    async def events(self):
        try:
            yield b"data: 1\n\n"
            await self.goes_on.wait()
            yield b"data: 2\n\n"
        finally:
            self.is_closed = True


def view(render):
    class Streamed(GatewayView):
        async def post(self, request: Request) -> HttpResponse:
            ask = Ask(key=None, face="chat", body={}, options=None, is_stream=True)
            return await answering.respond(ask, render, lambda answered: b"")

    return Streamed.as_view()


async def settled():
    for _ in range(20):
        await asyncio.sleep(0)


async def pass_seconds(count):
    for _ in range(count):
        await outgoing.tend_all()
    await settled()


async def asked(client, render=None):
    render = render or ChatRenderer(include_usage=False)
    task = asyncio.create_task(serve(view(render), scope(x_api_key="k"), client.receive, client.send))
    await settled()
    return task


async def test_a_stream_that_speaks_in_time_has_no_sign_of_life_in_it(monkeypatch):
    upstream, client = Upstream(monkeypatch), Client(b"{}")
    upstream.speaks.set()
    task = await asked(client)

    await pass_seconds(outgoing.PING_SECONDS - 1)
    upstream.goes_on.set()
    await task

    assert client.answer == b"data: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize(
    ("render", "ping"),
    [(ChatRenderer(include_usage=False), b": ping\n\n"), (MessagesRenderer({"messages": []}), MESSAGES_PING)],
    ids=["chat", "messages"],
)
async def test_each_long_silence_has_a_sign_of_life_of_the_faces_own(monkeypatch, render, ping):
    upstream, client = Upstream(monkeypatch), Client(b"{}")
    upstream.speaks.set()
    task = await asked(client, render)

    await pass_seconds(outgoing.PING_SECONDS)
    await pass_seconds(outgoing.PING_SECONDS)
    upstream.goes_on.set()
    await task

    assert client.answer == b"data: 1\n\n" + 2 * ping + b"data: 2\n\n"


async def test_nothing_is_sent_while_the_status_may_still_be_known_in_time(monkeypatch):
    upstream, client = Upstream(monkeypatch), Client(b"{}")
    task = await asked(client)

    await pass_seconds(outgoing.BEGIN_SECONDS - 1)
    sent_by_then = list(client.sent)
    upstream.failure = GatewayError(502, "broken_off", "It broke off.")
    upstream.speaks.set()
    await task

    assert sent_by_then == []
    assert client.status == 502


async def test_a_model_that_loads_for_minutes_finds_its_client_still_there(monkeypatch):
    upstream, client = Upstream(monkeypatch), Client(b"{}")
    task = await asked(client, MessagesRenderer({"messages": []}))

    await pass_seconds(outgoing.BEGIN_SECONDS)
    await pass_seconds(outgoing.PING_SECONDS)
    upstream.speaks.set()
    upstream.goes_on.set()
    await task

    assert [message["type"] for message in client.sent].count("http.response.start") == 1
    assert (b"content-type", b"text/event-stream") in client.sent[0]["headers"]
    assert client.answer == b": ping\n\n" + MESSAGES_PING + b"data: 1\n\ndata: 2\n\n"


@pytest.mark.parametrize(
    ("render", "event"),
    [
        (ChatRenderer(include_usage=False), b'data: {"error":{"message":"It broke off."'),
        (MessagesRenderer({"messages": []}), b'event: error\ndata: {"type":"error"'),
    ],
    ids=["chat", "messages"],
)
async def test_a_failure_after_the_headers_is_the_faces_own_error_event(monkeypatch, render, event):
    upstream, client = Upstream(monkeypatch), Client(b"{}")
    task = await asked(client, render)

    await pass_seconds(outgoing.BEGIN_SECONDS)
    upstream.failure = GatewayError(502, "broken_off", "It broke off.")
    upstream.speaks.set()
    await task

    assert client.status == 200
    assert client.answer.startswith(b": ping\n\n" + event)
    assert client.sent[-1] == {"type": "http.response.body", "body": b""}


class Stalled(Client):
    """Takes the headers and the first event, and reads nothing after that."""

    async def send(self, message: dict) -> None:
        await super().send(message)
        if len(self.sent) > 2:
            await asyncio.Event().wait()


async def test_a_client_that_reads_no_more_is_given_up_and_the_upstream_closed(monkeypatch):
    upstream, client = Upstream(monkeypatch), Stalled(b"{}")
    upstream.speaks.set()
    upstream.goes_on.set()
    task = await asked(client)

    await pass_seconds(outgoing.STALLED_SECONDS - 1)
    is_patient = not task.done()
    await pass_seconds(1)
    await asyncio.wait_for(task, 10)

    assert is_patient
    assert upstream.is_closed


async def test_a_sign_of_life_that_is_not_read_counts_as_a_stall_too(monkeypatch):
    upstream, client = Upstream(monkeypatch), Stalled(b"{}")
    upstream.speaks.set()
    task = await asked(client)

    await pass_seconds(outgoing.PING_SECONDS)
    await pass_seconds(outgoing.STALLED_SECONDS)
    await asyncio.wait_for(task, 10)

    assert upstream.is_closed


async def test_a_client_that_hangs_up_while_nothing_was_answered_leaves_nothing_behind(monkeypatch):
    Upstream(monkeypatch)
    client = Client(b"{}")
    task = await asked(client)

    await pass_seconds(outgoing.BEGIN_SECONDS)
    client.hung_up.set()
    await asyncio.wait_for(task, 10)

    assert client.answer == b": ping\n\n"
