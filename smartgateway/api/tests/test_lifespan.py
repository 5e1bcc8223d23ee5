import asyncio
import threading
from contextlib import suppress
from time import thread_time

import pytest

from routing import connections, policies, prices
from routing.models import PolicyVersion, Threshold
from routing.policies.aliases import MOST_ALIASES
from smartgateway.api import lifespan
from smartgateway.api.lifespan import Upkeep
from smartgateway.completions.errors import as_gateway_error
from smartgateway.keys import snapshots

PROMISED_SECONDS = 2.0  # from publishing until every process serves the new version


@pytest.fixture
def hurried(monkeypatch):
    for name in ("REFRESH_SECONDS", "DISCOVER_SECONDS", "PATIENCE_SECONDS"):
        monkeypatch.setattr(lifespan, name, 0.001)
    monkeypatch.setattr(Upkeep, "trouble", "")


@pytest.fixture
def looks(monkeypatch):
    """How often the providers were looked at, and with which models."""
    seen = []

    async def refresh(models):
        seen.append(models)

    monkeypatch.setattr(connections, "refresh", refresh)
    return seen


async def kept_fresh_until(condition):
    upkeep = asyncio.create_task(lifespan.keep_fresh())
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - a thread sets it
            await asyncio.sleep(0.001)
    upkeep.cancel()
    with suppress(asyncio.CancelledError):
        await upkeep


async def test_upkeep_goes_on_after_whatever_failed(hurried, looks, monkeypatch):
    calls = []

    def failing():
        calls.append(1)
        raise RuntimeError("nobody foresaw this")

    monkeypatch.setattr(lifespan, "refresh_snapshots", failing)

    await kept_fresh_until(lambda: len(calls) > 2 and len(looks) > 2)


async def test_providers_are_looked_at_before_there_is_a_policy(hurried, looks, monkeypatch):
    monkeypatch.setattr(lifespan, "refresh_snapshots", lambda: None)
    policies.forget()

    await kept_fresh_until(lambda: len(looks) > 1)

    assert set(looks) == {None}


async def test_a_database_that_hangs_is_named_and_nothing_else_waits_for_it(hurried, looks, monkeypatch):
    answers = threading.Event()
    monkeypatch.setattr(lifespan, "refresh_snapshots", answers.wait)

    await kept_fresh_until(lambda: Upkeep.trouble and len(looks) > 2)
    answers.set()

    assert Upkeep.trouble == "the database does not answer"


def test_a_missing_policy_is_the_gateways_trouble_for_now():
    error = as_gateway_error(policies.PolicyMissingError("no policy is published"))

    assert (error.status, error.code) == (503, "policy_missing")


async def test_prices_that_were_never_read_are_the_gateways_trouble_for_now_too(monkeypatch):
    monkeypatch.setattr(prices, "_book", None)

    with pytest.raises(prices.PricesMissingError) as missing:
        prices.current()

    error = as_gateway_error(missing.value)
    assert (error.status, error.code) == (503, "prices_missing")


@pytest.fixture
def published(db, monkeypatch):
    """In memory already; of prices and keys nothing is read."""
    for other in (prices, snapshots):
        monkeypatch.setattr(other, "refresh", lambda: False)
    monkeypatch.setattr(lifespan, "close_old_connections", lambda: None)  # the test's own would be closed
    policies.load_defaults()
    policies.forget()
    yield policies.current()
    policies.forget()


def as_large_as_may_be(number):
    """The next version, with as many phrases and aliases as can be published."""
    content = policies.draft_content()
    content["phrases"] = {name: {} for name in content["phrases"]}
    content["phrases"]["scope"] = {f"phrase number {n} of {number}": 1.0 for n in range(policies.MOST_PHRASES)}
    content["aliases"] = [{"pattern": f"name-{n}", "target": "auto"} for n in range(MOST_ALIASES)]
    return PolicyVersion.objects.create(
        number=number, content=content, digest=policies.digest_of(content), note="As large as may be"
    )


def seconds_of_a_turn():
    started = thread_time()
    lifespan.refresh_snapshots()
    return thread_time() - started


def test_one_turn_of_the_upkeep_takes_the_new_version(published):
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.75)
    policies.publish("Fewer opus")

    lifespan.refresh_snapshots()

    now = policies.current()
    assert (published.version, now.version, now.thresholds["opus_score_threshold"]) == (1, 2, 0.75)


async def test_the_policy_is_read_once_an_interval(monkeypatch):
    pauses = {}

    async def repeat(step, pause_seconds):
        pauses[step] = pause_seconds

    monkeypatch.setattr(lifespan, "repeat", repeat)

    await lifespan.keep_fresh()

    assert pauses[lifespan.read_snapshots] == lifespan.REFRESH_SECONDS


def test_a_version_that_just_missed_a_turn_is_served_in_time_by_the_next(published):
    missing = min(seconds_of_a_turn() for _ in range(3))
    taking = []
    for number in (2, 3, 4):
        as_large_as_may_be(number)
        taking.append(seconds_of_a_turn())

    assert policies.current().version == 4
    assert missing + lifespan.REFRESH_SECONDS + min(taking) < PROMISED_SECONDS
