"""Who serves when the chosen tier cannot, and who never may."""

import asyncio
from dataclasses import replace

import pytest

from routing import breakers, connections
from routing.engine.types import LADDER, Tier
from routing.slots import LocalSlots
from smartgateway.completions import calling, path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Options
from smartgateway.completions.fallback import Candidate
from smartgateway.completions.tests.asks import HAIKU, LOCAL_MODEL, NO_OPTIONS, SONNET, STAYING, ask, down


async def test_an_automatic_choice_falls_back_along_the_policys_chain(world):
    world.local.failures = [down(), down()]

    answered = await path.complete(ask(world))

    assert answered.exchange.served.model == HAIKU
    assert answered.exchange.fallback_causes == ["local:unavailable"]
    assert world.record.outcomes[0].served_tier == "haiku"


async def test_a_busy_local_model_is_waited_for_a_short_while_and_then_the_chain_serves(world, monkeypatch):
    monkeypatch.setattr(connections, "local_slots", LocalSlots(0))
    monkeypatch.setattr(calling, "SLOT_WAIT_SECONDS", 0.01)

    answered = await path.complete(ask(world))

    assert (answered.exchange.served.model, world.local.calls) == (HAIKU, [])
    assert answered.exchange.fallback_causes == ["local:no_capacity"]


@pytest.mark.parametrize(
    ("asked", "allowed"),
    [
        pytest.param({"model": "local"}, LADDER, id="asked for by name"),
        pytest.param({"options": STAYING}, LADDER, id="local only"),
        pytest.param({}, (Tier.LOCAL,), id="a key without Claude"),
    ],
)
async def test_what_only_the_local_model_may_serve_waits_longer_for_it(world, monkeypatch, asked, allowed):
    slots = LocalSlots(1)
    monkeypatch.setattr(connections, "local_slots", slots)
    monkeypatch.setattr(calling, "SLOT_WAIT_SECONDS", 0)
    world.key = replace(world.key, allowed_tiers=frozenset(allowed))
    await slots.acquire(0)
    asyncio.get_running_loop().call_later(0.05, slots.release)

    answered = await path.complete(ask(world, **asked))

    assert answered.exchange.served.name == "local"


async def test_an_explicit_choice_is_never_replaced(world):
    world.local.failures = [down(), down()]

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world, model="local"))

    assert caught.value.status == 502
    assert world.anthropic.calls == []
    assert world.record.outcomes[0].status == "failed"


async def test_what_is_local_only_never_leaves_whatever_fails(world):
    world.local.failures = [down(), down()]

    with pytest.raises(GatewayError):
        await path.complete(ask(world, options=Options(local_only=True)))

    assert world.anthropic.calls == []


@pytest.mark.parametrize("options", [STAYING, NO_OPTIONS], ids=["the request", "its key"])
async def test_local_only_is_looked_at_again_before_each_call_whatever_was_chosen(world, monkeypatch, options):
    world.key = replace(world.key, local_only=not options.local_only)
    astray = [Candidate("sonnet", "anthropic", SONNET), Candidate("haiku", "anthropic", HAIKU)]
    monkeypatch.setattr(path, "candidates_of", lambda exchange: iter(astray))

    with pytest.raises(GatewayError):
        await path.complete(ask(world, options=options))

    assert world.anthropic.calls == []


async def test_claude_falls_to_local_only_without_tools(world):
    tool = {"type": "function", "function": {"name": "run"}}
    world.anthropic.failures = [down() for _ in range(6)]

    with pytest.raises(GatewayError):
        await path.complete(ask(world, "Carry on with the matter at hand.", tools=[tool]))

    assert world.local.calls == []


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="without tools"),
        pytest.param({"tools": [{"type": "function", "function": {"name": "run"}}]}, id="with tools"),
    ],
)
async def test_where_only_local_is_configured_it_serves_what_claude_was_chosen_for(world, body):
    world.providers["anthropic"] = None

    answered = await path.complete(ask(world, "Carry on with the matter at hand.", **body))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    assert (decision.tier, outcome.served_tier) == ("sonnet", "local")
    assert answered.exchange.fallback_causes == ["sonnet:not_configured"]


async def test_where_only_claude_is_configured_it_serves_what_local_was_chosen_for(world):
    world.providers["local"] = None

    answered = await path.complete(ask(world))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    assert (decision.tier, outcome.served_tier) == ("local", "haiku")
    assert answered.exchange.fallback_causes == ["local:not_configured"]


async def test_whoever_serves_for_a_blocked_model_has_an_attempt_and_a_price_of_its_own(world):
    for _ in range(5):
        breakers.breaker("local").failed()

    await path.complete(ask(world))

    [decision], [intent], [outcome] = world.record.decisions, world.record.intents, world.record.outcomes
    blocked, served = outcome.attempts
    assert (blocked.id, blocked.request_model, blocked.error_type) == (
        decision.first_attempt.id,
        LOCAL_MODEL,
        "breaker_open",
    )
    assert (served.id, served.request_model, served.number) == (intent.id, HAIKU, 2)
    assert outcome.fallback_causes == ["local:breaker_open"]
    assert float(outcome.cost) > 0


async def test_a_failure_that_nobody_made_good_is_no_fallback(world):
    world.providers["anthropic"] = None
    world.local.failures = [down(), down()]

    with pytest.raises(GatewayError):
        await path.complete(ask(world))

    assert world.record.outcomes[0].fallback_causes == []
