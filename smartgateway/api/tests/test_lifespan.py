import asyncio
import threading
from contextlib import suppress

import pytest

from routing import connections, policies
from smartgateway.api import lifespan
from smartgateway.api.lifespan import Upkeep
from smartgateway.completions.errors import as_gateway_error


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
