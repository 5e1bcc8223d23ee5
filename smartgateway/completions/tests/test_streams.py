"""Streams: their end, their breaks, and who leaves them."""

import asyncio

import pytest

from routing.providers.base import ProviderUnavailableError
from smartgateway.completions import path
from smartgateway.completions.tests.asks import HAIKU, ask, down, streamed
from smartgateway.completions.tests.fakes import CHUNKS, Plain


async def test_the_end_of_a_stream_waits_for_its_outcome(world):
    streaming = await path.stream(ask(world, stream=True), Plain())
    seen = []
    async for event in streaming.events:
        seen.append((event, "settled" in world.log))

    assert [settled for _, settled in seen] == [False, False, False, True]
    assert seen[-1][0] == b"<stop><end>"


async def test_a_stream_that_fails_before_its_first_chunk_falls_back(world):
    world.local.chunks = (down(),)

    streaming, events = await streamed(world)

    assert streaming.exchange.served.model == HAIKU
    assert events[-1].endswith(b"<end>")


async def test_a_stream_that_breaks_ends_in_an_error_event_and_never_in_done(world):
    world.local.chunks = (*CHUNKS[:2], ProviderUnavailableError("cut off", kind="connection_lost"))

    _, events = await streamed(world)

    assert events[-1] == b"<error connection_lost>"
    assert b"<end>" not in b"".join(events)
    assert (world.record.outcomes[0].status, world.record.outcomes[0].is_complete) == ("failed", False)


async def test_an_outcome_that_cannot_be_recorded_ends_a_stream_in_an_error(world):
    world.record.failing = {"settled"}

    _, events = await streamed(world)

    assert events[-1] == b"<error audit_unavailable>"
    assert b"<stop>" not in b"".join(events)


async def test_an_abandoned_stream_is_recorded_as_aborted_and_closes_the_upstream(world):
    streaming = await path.stream(ask(world, stream=True), Plain())
    await anext(streaming.events)

    await streaming.events.aclose()

    [outcome] = world.record.outcomes
    assert (outcome.status, outcome.is_complete) == ("aborted", False)
    assert world.local.is_closed


async def test_what_an_abandoned_stream_used_is_estimated_and_says_so(world):
    streaming = await path.stream(ask(world, stream=True), Plain())
    await anext(streaming.events)
    await anext(streaming.events)

    await streaming.events.aclose()

    [outcome] = world.record.outcomes
    assert (outcome.output_tokens, outcome.attempts[0].is_estimated) == (2, True)
    assert outcome.fresh_input_tokens > 0
    assert outcome.cost == "0"


async def test_a_client_that_leaves_during_the_call_is_recorded_as_aborted(world, monkeypatch):
    is_called = asyncio.Event()

    async def hang(call):
        is_called.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(world.local, "complete", hang)
    task = asyncio.create_task(path.complete(ask(world)))
    await asyncio.wait_for(is_called.wait(), 5)

    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert world.record.outcomes[0].status == "aborted"
