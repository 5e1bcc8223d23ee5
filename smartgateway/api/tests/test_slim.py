"""The slim handler, spoken to as a server would: scope, receive, send."""

import asyncio
import gc
import weakref
from contextlib import suppress

import pytest
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api import base, body
from smartgateway.api.base import GatewayView
from smartgateway.api.slim import serve
from smartgateway.api.sse import EventStream
from smartgateway.completions.relay import Last
from smartgateway.keys.errors import KeyRefusedError

SCOPE = {"type": "http", "method": "POST", "path": "/v1/x", "query_string": b"", "headers": []}


class Client:
    """One connection: hands in `parts` of a body, then is silent until it hangs up."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = list(parts)
        self.sent: list[dict] = []
        self.hung_up = asyncio.Event()

    async def receive(self) -> dict:
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts)}
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def answer(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def scope(**headers: str) -> dict:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {**SCOPE, "headers": [(b"content-type", b"application/json"), *named]}


@pytest.fixture(autouse=True)
def known_key(monkeypatch):
    async def authenticate(request):
        if "x-api-key" not in request.headers:
            raise KeyRefusedError("No API key.")
        return object()

    monkeypatch.setattr(base, "authenticate", authenticate)


class Echo(GatewayView):
    async def post(self, request: Request) -> HttpResponse:
        return HttpResponse(repr(request.data), content_type="text/plain")


async def test_a_body_in_parts_is_put_together():
    client = Client(b'{"a":', b" [1, 2", b"]}")

    await serve(Echo.as_view(), scope(x_api_key="k"), client.receive, client.send)

    assert (client.status, client.answer) == (200, b"{'a': [1, 2]}")


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


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        (b"{", b"not valid JSON"),
        (b"\xff\xfe", b"not valid JSON"),
        (b'{"a": "\\ud800"}', b"not valid JSON"),
        (b"[" * 5000 + b"]" * 5000, b"nested too deeply"),
    ],
)
async def test_what_is_not_json_is_a_400_in_the_clients_protocol(sent, message):
    client = Client(sent)

    await serve(Echo.as_view(), scope(x_api_key="k"), client.receive, client.send)

    assert client.status == 400
    assert message in client.answer
    assert client.answer.startswith(b'{"error":{"message":')


async def test_a_stranger_is_turned_away_before_the_body_is_read():
    client = Client(b"{}", b"")

    await serve(Echo.as_view(), scope(), client.receive, client.send)

    assert client.status == 401
    assert len(client.parts) == 2


async def test_a_form_is_not_a_request():
    client = Client(b"a=1")
    form = {**SCOPE, "headers": [(b"content-type", b"application/x-www-form-urlencoded"), (b"x-api-key", b"k")]}

    await serve(Echo.as_view(), form, client.receive, client.send)

    assert client.status == 415


async def test_a_method_that_is_not_there_is_a_405():
    client = Client(b"")

    await serve(Echo.as_view(), {**scope(x_api_key="k"), "method": "DELETE"}, client.receive, client.send)

    assert client.status == 405


async def test_a_body_that_says_it_is_too_large_is_not_read():
    client = Client(b"x")

    await serve(Echo.as_view(), scope(x_api_key="k", content_length=str(33 * 2**20)), client.receive, client.send)

    assert client.status == 413
    assert client.parts == [b"x"]


async def test_a_body_that_grows_too_large_is_a_413(monkeypatch):
    monkeypatch.setattr(body, "MAX_BODY_BYTES", 10)
    client = Client(b"123456", b"789012")

    await serve(Echo.as_view(), scope(x_api_key="k"), client.receive, client.send)

    assert client.status == 413
    assert body.InFlight.bytes_held == 0


async def test_a_body_that_stalls_is_a_408(monkeypatch):
    monkeypatch.setattr(body, "STALL_SECONDS", 0.0)
    client = Client()
    serving = asyncio.create_task(serve(Echo.as_view(), scope(x_api_key="k"), client.receive, client.send))
    await asyncio.sleep(0.01)

    await body.end_stalled()
    await serving

    assert client.status == 408
    assert not body.Waiting.since


async def test_too_many_bytes_in_flight_are_a_503(monkeypatch):
    monkeypatch.setattr(body, "MAX_BYTES_IN_FLIGHT", 4)
    client = Client(b'{"a": 1}')

    await serve(Echo.as_view(), scope(x_api_key="k"), client.receive, client.send)

    assert client.status == 503
    assert (b"retry-after", b"2") in client.sent[0]["headers"]
    assert body.InFlight.bytes_held == 0


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


@pytest.mark.parametrize(
    ("sent", "is_too_many"),
    [
        (b'{"a": [' + b"1," * 20 + b"1]}", True),
        (b'{"a": [' + b"{}," * 20 + b"{}]}", True),
        (b'{"a": [' + b'"",' * 60 + b'""]}', True),
        (b'{"a": "' + b"{[," * 60 + b'"}', False),
        (b'{"a": "\\\\\\"' + b"{[," * 60 + b'\\\\"}', False),
        (b'{"a": "' + b'\\"' * 60 + b'", "b": 1}', False),
    ],
)
def test_values_are_counted_and_what_stands_in_strings_is_not(monkeypatch, sent, is_too_many):
    monkeypatch.setattr(body, "MAX_VALUES", 10)

    assert body.has_too_many_values(sent) is is_too_many


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "DISPATCH", "AS_VIEW", "PUT"])
async def test_no_other_method_reaches_into_the_view(method):
    client = Client(b"{}")

    await serve(Echo.as_view(), {**scope(x_api_key="k"), "method": method}, client.receive, client.send)

    assert client.status == 405
