"""What a stream owes on every face when a side of it stops, breaks off or goes away; nothing here waits for a timer."""

import asyncio
from contextlib import suppress

import pytest

from routing.tests.providers.transport.hostile import eventually
from smartgateway.api import outgoing
from smartgateway.completions.tests import conftest as path_conftest
from tests.sockets import ASKS, ENDS, HEAD, Playing, between, chunk, frame, sleep

world, default_policy, default_prices = path_conftest.world, path_conftest.default_policy, path_conftest.default_prices

ON_THE_WAY = 96_000_000  # bytes: more than the buffers of two connections hold, the kernel's and ours
ERROR_EVENTS = {
    "chat": b'data: {"error":{"message"',
    "messages": b'event: error\ndata: {"type":"error"',
    "responses": b"event: response.failed\ndata: ",
    "completions": b'data: {"error":{"message"',
    "fill": b'data: {"error":{"message"',
}
BREAKS = {
    "in the middle of an event": frame("a") + frame("b")[:40],
    "after an event": frame("a") + chunk(b""),
    "with an error": frame("a") + chunk(b'data: {"error":{"message":"no memory left"}}\n\n') + chunk(b""),
    "with garbage": frame("a") + chunk(b"data: {]\n\n") + chunk(b""),
}


@pytest.mark.parametrize("face", ASKS)
@pytest.mark.parametrize("parts", [(), (HEAD,), (HEAD, frame("a"))], ids=["unanswered", "silent", "speaking"])
async def test_a_client_that_goes_away_closes_the_upstream(world, monkeypatch, face, parts):
    playing = Playing(*parts)
    async with between(world, monkeypatch, playing) as client:
        await client.ask(face)
        await eventually(lambda: playing.is_asked)
        if len(parts) == 2:
            await client.reader.readuntil(b"data: ")

        client.leave()

        await eventually(lambda: playing.is_left)
        await eventually(lambda: world.record.outcomes)
    assert world.record.outcomes[0].error_type == "client_gone"


@pytest.mark.parametrize("face", ASKS)
async def test_a_client_that_reads_nothing_slows_the_upstream_down(world, monkeypatch, face):
    playing = Playing(HEAD, for_ever=frame("x" * 32_768))
    async with between(world, monkeypatch, playing) as client:
        client.writer.transport.pause_reading()
        await client.ask(face)

        sent = await standstill(playing)

        client.leave()
        await eventually(lambda: playing.is_left)
    assert 0 < sent < ON_THE_WAY


async def standstill(playing):
    """What was sent when half a second brought no more, or far too much."""
    sent, quiet = -1, 0
    while quiet < 10 and playing.sent < ON_THE_WAY:
        quiet = quiet + 1 if playing.sent == sent and sent else 0
        sent = playing.sent
        await sleep(0.05)
    return playing.sent


@pytest.mark.parametrize("face", ASKS)
async def test_a_client_that_reads_no_more_is_cut_off_in_the_end(world, monkeypatch, face):
    monkeypatch.setattr(outgoing, "STALLED_SECONDS", 3)
    playing = Playing(HEAD, for_ever=frame("x" * 32_768))
    async with between(world, monkeypatch, playing) as client:
        client.writer.transport.pause_reading()
        await client.ask(face)
        await standstill(playing)
        was_left = playing.is_left

        for _ in range(outgoing.STALLED_SECONDS + 1):
            await outgoing.tend_all()
            await sleep(0)

        await eventually(lambda: playing.is_left)
        client.writer.transport.resume_reading()
        with suppress(ConnectionError):
            async with asyncio.timeout(30):
                while await client.reader.read(1 << 20):
                    pass
    assert not was_left
    assert [outcome.status for outcome in world.record.outcomes] == ["aborted"]
    assert not outgoing.Outgoing.open


@pytest.mark.parametrize("face", ASKS)
@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
async def test_an_upstream_that_breaks_off_ends_in_the_faces_own_error(world, monkeypatch, face, broken):
    async def play(server, reader, writer):
        await server.read_request(reader)
        writer.write(HEAD + broken)

    async with between(world, monkeypatch, play) as client:
        await client.ask(face)

        async with asyncio.timeout(30):
            answer = await client.answer()

    head, _, events = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK")
    assert b'"a"' in events
    assert ERROR_EVENTS[face] in events
    assert not any(end in events for end in ENDS)
    assert world.record.outcomes[0].status == "failed"
