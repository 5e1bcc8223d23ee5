import asyncio
import time

import pytest
from redis.asyncio import Redis

from routing import sessions
from routing.engine.types import SessionState, Tier
from routing.sessions import store as store_module
from routing.sessions.store import SessionStore


class Clock:
    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
async def connection(redis_address):
    async with Redis.from_url(redis_address) as connection:
        await connection.flushdb()
        yield connection


async def unreachable():
    return Redis.from_url("unix:///nowhere/valkey.sock")


async def test_a_new_conversation_is_unknown(clock):
    assert await SessionStore(clock=clock).recall("a") is None


async def test_a_conversation_keeps_its_highest_tier_and_its_tools(clock):
    subject = SessionStore(clock=clock)
    subject.remember("a", Tier.SONNET, False)
    subject.remember("a", Tier.LOCAL, True)

    clock.now += 10

    assert await subject.recall("a") == SessionState(Tier.SONNET, used_tools=True, idle_seconds=10.0)


async def test_five_idle_minutes_end_it(clock):
    subject = SessionStore(clock=clock)
    subject.remember("a", Tier.OPUS, True)
    clock.now += 299
    assert await subject.recall("a") is not None

    clock.now += 1

    assert await subject.recall("a") is None
    subject.remember("a", Tier.LOCAL, False)
    assert await subject.recall("a") == SessionState(Tier.LOCAL, used_tools=False, idle_seconds=0.0)


async def test_the_policy_may_set_another_idle_time(connection, clock):
    one, other = SessionStore(connection, clock), SessionStore(connection, clock)
    one.remember("a", Tier.OPUS, True, idle_seconds=900)
    one.remember("b", Tier.OPUS, True, idle_seconds=0.02)
    await one.flush()

    clock.now += 600
    await asyncio.sleep(0.05)

    assert [await store.recall("a") is not None for store in (one, other)] == [True, True]
    assert [await store.recall("b") for store in (one, other)] == [None, None]


async def test_memory_is_bounded_and_the_least_recent_leave_first(clock, monkeypatch):
    monkeypatch.setattr(store_module, "MOST_SESSIONS", 2)
    subject = SessionStore(clock=clock)

    for key in ("a", "b", "a", "c"):
        subject.remember(key, Tier.SONNET, False)

    assert await subject.recall("b") is None
    assert await subject.recall("a") is not None


async def test_processes_share_a_conversation(connection, clock):
    one, other = SessionStore(connection, clock), SessionStore(connection, clock)
    one.remember("a", Tier.SONNET, True)
    await one.flush()

    assert await other.recall("a") == SessionState(Tier.SONNET, used_tools=True, idle_seconds=0.0)


async def test_a_process_that_knows_less_never_lowers_it(connection, clock):
    one, other, third = (SessionStore(connection, clock) for _ in range(3))
    one.remember("a", Tier.OPUS, True)
    await one.flush()
    clock.now += 5
    other.remember("a", Tier.LOCAL, False)
    await other.flush()

    assert await third.recall("a") == SessionState(Tier.OPUS, used_tools=True, idle_seconds=0.0)


async def test_what_is_remembered_is_sent_without_being_asked(connection, clock):
    subject = SessionStore(connection, clock)

    subject.remember("a", Tier.SONNET, False)

    for _ in range(1_000):
        if await connection.exists("smartgateway:session:a"):
            break
        await asyncio.sleep(0.005)
    assert 0 < await connection.ttl("smartgateway:session:a") <= 300


async def test_many_turns_of_one_moment_share_their_round_trips(connection, clock):
    subject, other = SessionStore(connection, clock), SessionStore(connection, clock)
    for number in range(50):
        subject.remember(f"s{number}", Tier.SONNET, False)
    await subject.flush()
    before = (await connection.info("commandstats"))["cmdstat_eval"]["calls"]

    states = await asyncio.gather(*(other.recall(f"s{number}") for number in range(50)))

    after = (await connection.info("commandstats"))["cmdstat_eval"]["calls"]
    assert [state.tier for state in states] == [Tier.SONNET] * 50
    assert after - before <= 2


async def test_without_redis_in_reach_the_process_remembers_by_itself(clock):
    async with await unreachable() as connection:
        subject = SessionStore(connection, clock)
        subject.remember("a", Tier.SONNET, True)

        assert (await subject.recall("a")).tier is Tier.SONNET
        await subject.flush()


async def test_a_redis_that_hangs_costs_fifty_milliseconds_and_then_nothing(clock, tmp_path):
    ended = []

    async def hang(reader, writer):
        ended.append(end := asyncio.Event())
        await reader.read()
        writer.close()
        await writer.wait_closed()
        end.set()

    server = await asyncio.start_unix_server(hang, tmp_path / "hanging.sock")
    async with server, Redis.from_url(f"unix://{tmp_path}/hanging.sock") as connection:
        subject = SessionStore(connection, clock)
        subject.remember("a", Tier.SONNET, False)
        spent = []

        for _ in range(6):
            start = time.monotonic()
            assert (await subject.recall("a")).tier is Tier.SONNET
            spent.append(time.monotonic() - start)
        await subject.flush()
    for end in ended:
        await end.wait()

    assert min(spent[:3]) < 0.2
    assert min(spent[3:]) < 0.02


async def test_a_reader_that_gives_up_leaves_the_others_their_answer(connection, clock):
    one, other = SessionStore(connection, clock), SessionStore(connection, clock)
    one.remember("a", Tier.OPUS, False)
    await one.flush()
    impatient = asyncio.create_task(other.recall("a"))
    patient = asyncio.create_task(other.recall("a"))
    await asyncio.sleep(0)

    impatient.cancel()

    assert (await patient).tier is Tier.OPUS


async def test_the_door_forgets_when_a_process_starts_again():
    sessions.use(None)
    sessions.remember("a", Tier.SONNET, False)
    assert await sessions.recall("a") is not None

    sessions.use(None)

    assert await sessions.recall("a") is None
