import asyncio
import secrets

import pytest
from django.conf import settings
from redis.exceptions import ConnectionError as RedisConnectionError

from smartgateway import redis
from smartgateway.keys import windows
from smartgateway.keys.errors import RateLimitExceededError
from smartgateway.keys.limits import Limiter
from smartgateway.keys.snapshots import KeySnapshot
from smartgateway.keys.windows import Grant


class Clock:
    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now

    async def sleep(self, seconds):
        self.now += seconds
        await asyncio.sleep(0)


class SharedWindow:
    """What Redis does, counted: the window that several processes draw from."""

    def __init__(self, clock):
        self.clock, self.used, self.ends, self.draws, self.is_away = clock, 0, 0.0, [], False

    async def draw(self, key_id, limit, *, spent, due, ahead):
        self.draws.append(self.clock.now)
        await asyncio.sleep(0)
        if self.is_away:
            raise RedisConnectionError("connection refused")
        if self.clock.now >= self.ends:
            self.used, self.ends = 0, self.clock.now + 60
        self.used += spent
        room = max(0, limit - self.used)
        granted = min(room, due)
        granted += min(ahead, (room - granted) // 10)
        self.used += granted
        return Grant(granted, room - granted, self.ends - self.clock.now)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def window(clock):
    return SharedWindow(clock)


@pytest.fixture
def process(clock, window):
    """Makes limiters that share one window, as processes do."""
    return lambda: Limiter(window.draw, clock, clock.sleep)


def key(limit, key_id=1):
    return KeySnapshot(key_id, "laptop", "sk-sg-aaaa", 1, "Payments", requests_per_minute=limit)


async def admitted(limiters, limit, requests):
    """How many of so many requests in a row get in, spread evenly."""
    count = 0
    for number in range(requests):
        try:
            await limiters[number % len(limiters)].admit(key(limit))
        except RateLimitExceededError:
            continue
        count += 1
        await asyncio.sleep(0)
    return count


async def test_one_process_admits_exactly_the_limit_in_a_window(process):
    assert await admitted([process()], 600, 700) == 600


@pytest.mark.parametrize("limit", [1, 2, 7, 19])
async def test_small_limits_are_exact_over_all_processes(process, limit):
    assert await admitted([process() for _ in range(4)], limit, 100) == limit


async def test_all_processes_together_keep_the_limit_within_a_lease_each(process):
    count = await admitted([process() for _ in range(4)], 600, 1_000)

    assert 600 - 4 * 30 <= count <= 600 + 4 * 30


async def test_a_new_window_admits_again(process, clock):
    limiter = process()
    await admitted([limiter], 600, 700)

    clock.now += 60

    assert await admitted([limiter], 600, 700) == 600


async def test_a_refusal_says_when_to_try_again(process, clock):
    limiter = process()
    await limiter.admit(key(1))
    clock.now += 20

    with pytest.raises(RateLimitExceededError) as refusal:
        await limiter.admit(key(1))

    assert (refusal.value.retry_after, refusal.value.limit) == (40, 1)


async def test_a_refused_key_costs_no_draws(process, window):
    limiter = process()
    await admitted([limiter], 20, 30)
    drawn = len(window.draws)

    await admitted([limiter], 20, 1_000)

    assert len(window.draws) == drawn


async def test_what_is_left_and_when_it_resets_is_known_without_asking(process, clock, window):
    limiter = process()

    first = await limiter.admit(key(600))
    await asyncio.sleep(0.01)
    clock.now += 10
    second = await limiter.admit(key(600))

    assert (first.limit, first.remaining, first.reset_seconds) == (600, 599, 60)
    assert (second.remaining, second.reset_seconds) == (598, 50)
    assert len(window.draws) == 1


async def test_admitting_does_not_wait_for_a_draw_while_there_are_tokens(process, window):
    limiter = process()
    window.draw = None  # a draw would fail loudly

    admitting = [limiter.admit(key(600)) for _ in range(30)]

    for coroutine in admitting:
        with pytest.raises(StopIteration):  # done without giving control away
            coroutine.send(None)
    limiter._leases[1].drawing.cancel()


async def test_a_process_draws_at_most_ten_times_a_second_for_a_key(process, window, clock):
    await admitted([process()], 60, 60)

    gaps = [later - earlier for earlier, later in zip(window.draws, window.draws[1:], strict=False)]

    assert len(window.draws) > 5
    assert min(gaps) == pytest.approx(0.1)


async def test_a_burst_gets_all_that_is_due_in_one_draw(process, window):
    limiter = process()

    results = await asyncio.gather(*(limiter.admit(key(600)) for _ in range(700)), return_exceptions=True)

    assert sum(isinstance(result, RateLimitExceededError) for result in results) == 100
    assert len(window.draws) <= 4


async def test_without_redis_each_process_goes_on_with_its_last_share(process, window, clock):
    limiters = [process(), process()]
    await admitted(limiters, 600, 400)
    window.is_away = True

    clock.now += 60
    first = await admitted(limiters, 600, 1_000)
    clock.now += 60
    second = await admitted(limiters, 600, 1_000)

    assert (first, second) == (400, 400)


async def test_a_process_that_never_saw_redis_admits_a_lease(process, window):
    window.is_away = True

    assert await admitted([process()], 600, 100) == 30


async def test_redis_is_used_again_when_it_is_back(process, window, clock):
    limiter = process()
    window.is_away = True
    await admitted([limiter], 600, 100)
    window.is_away = False

    clock.now += 60

    assert 600 <= await admitted([limiter], 600, 1_000) <= 630


async def test_a_raised_limit_holds_at_once(process):
    limiter = process()
    await admitted([limiter], 2, 10)

    assert (await limiter.admit(key(600))).limit == 600


async def test_keys_do_not_share_a_window_and_old_ones_are_forgotten(process, monkeypatch):
    monkeypatch.setattr("smartgateway.keys.limits.MOST_KEYS", 2)
    limiter = process()

    for key_id in (1, 2, 3):
        await limiter.admit(key(20, key_id))

    assert set(limiter._leases) == {2, 3}


async def test_without_a_redis_the_limit_holds_in_the_process(monkeypatch, clock):
    monkeypatch.setattr(windows, "connection", lambda: None)
    limiter = Limiter(clock=clock, sleep=clock.sleep)

    first = await admitted([limiter], 600, 700)
    clock.now += 60
    second = await admitted([limiter], 600, 700)

    assert (first, second) == (600, 600)


@pytest.fixture
async def shared_limiters():
    """Two processes over the configured Redis; one alone where none is configured."""
    redis.connection.cache_clear()
    yield [Limiter(), Limiter()] if settings.REDIS_URL else [Limiter()]
    if client := redis.connection():
        await client.aclose()
    redis.connection.cache_clear()


async def test_processes_keep_one_limit_with_what_is_configured(shared_limiters):
    its = key(40, key_id=secrets.randbits(60))

    results = await asyncio.gather(
        *(shared_limiters[number % len(shared_limiters)].admit(its) for number in range(60)), return_exceptions=True
    )

    refused = [result for result in results if isinstance(result, RateLimitExceededError)]
    assert 20 - 2 * len(shared_limiters) <= len(refused) <= 20 + 2 * len(shared_limiters)
    assert len(refused) + sum(hasattr(result, "remaining") for result in results) == 60
    assert all(1 <= refusal.retry_after <= 60 for refusal in refused)
