"""What is read of a request before a view sees it, and what is turned away."""

import asyncio

import pytest

from smartgateway.api import body
from smartgateway.api.slim import serve
from smartgateway.api.tests.slim.connection import SCOPE, Client, Echo, scope


async def test_a_body_in_parts_is_put_together():
    client = Client(b'{"a":', b" [1, 2", b"]}")

    await serve(Echo.as_view(), scope(x_api_key="k"), client.receive, client.send)

    assert (client.status, client.answer) == (200, b"{'a': [1, 2]}")


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
