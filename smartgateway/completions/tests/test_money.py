"""What a request cost, as its outcome says it, over the whole path."""

import asyncio
from decimal import Decimal

import pytest

from routing.providers.base import ProviderTimeoutError, ProviderUnavailableError
from smartgateway.completions import costs, path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.tests.asks import ask


async def recorded_outcome(world, **options):
    await path.complete(ask(world, **options))
    [outcome] = world.record.outcomes
    return outcome


@pytest.mark.parametrize("kind", ["timeout", "broken_off", "invalid_answer"])
async def test_what_claude_may_have_billed_without_an_answer_is_unknown_not_free(world, kind):
    error = ProviderTimeoutError if kind == "timeout" else ProviderUnavailableError
    world.anthropic.failures = [error("no answer", kind=kind)]

    with pytest.raises(GatewayError):
        await path.complete(ask(world, model="sonnet"))

    assert world.record.outcomes[0].cost is None


async def test_an_unknown_attempt_leaves_the_whole_unknown_though_another_answered(world):
    world.anthropic.failures = [ProviderTimeoutError("silent", kind="timeout", is_retryable=True)]

    outcome = await recorded_outcome(world, model="sonnet")

    assert [attempt.cost is None for attempt in outcome.attempts] == [True, False]
    assert outcome.cost is None


@pytest.mark.parametrize("kind", ["truncated", "unreadable_tool_call", "invalid_answer"])
async def test_a_local_answer_that_could_not_be_used_costs_nothing_and_what_came_instead_counts(world, kind):
    world.local.failures = [ProviderUnavailableError("of no use", kind=kind, status=200)]

    outcome = await recorded_outcome(world)

    assert [attempt.provider_name for attempt in outcome.attempts] == ["local", "anthropic"]
    assert Decimal(outcome.cost) == Decimal(outcome.attempts[1].cost) > 0


async def test_a_call_that_was_never_sent_or_was_refused_costs_nothing(world):
    world.anthropic.failures = [
        ProviderUnavailableError("nobody there", kind="connect_failed", is_retryable=True, was_sent=False)
    ]

    outcome = await recorded_outcome(world, model="sonnet")

    assert Decimal(outcome.cost) == Decimal(outcome.attempts[1].cost) > 0


async def test_a_client_that_leaves_claude_unanswered_leaves_an_unknown_cost(world, monkeypatch):
    called = asyncio.Event()

    async def never(call):
        called.set()
        await asyncio.Event().wait()

    monkeypatch.setattr(world.anthropic, "complete", never)
    request = asyncio.create_task(path.complete(ask(world, model="sonnet")))
    await called.wait()
    request.cancel()
    with pytest.raises(asyncio.CancelledError):
        await request

    assert (world.record.outcomes[0].status, world.record.outcomes[0].cost) == ("aborted", None)


@pytest.mark.parametrize("is_marked", [True, False])
async def test_what_the_prompt_cache_saved_is_kept_apart_where_the_gateway_asked_for_it(world, monkeypatch, is_marked):
    begin = world.anthropic._begin

    def marked(call):
        account = begin(call)
        account.is_cache_marked = is_marked
        return account

    monkeypatch.setattr(world.anthropic, "_begin", marked)

    outcome = await recorded_outcome(world, model="sonnet")

    assert (outcome.cache_saved is not None) is is_marked


async def test_the_same_model_costs_what_was_asked_for_and_so_saves_nothing(world):
    outcome = await recorded_outcome(world, model="sonnet")

    assert outcome.cost == outcome.baseline_requested == outcome.baseline_sonnet
    assert outcome.baseline_requested_high is None


async def test_a_machine_paid_by_the_hour_costs_the_time_of_its_answer(world, monkeypatch):
    seen = []
    monkeypatch.setattr(costs, "cost", lambda *called: (seen.append(called), (Decimal(1), 7))[1])

    outcome = await recorded_outcome(world)

    [(provider, _, _, seconds)] = seen
    assert (provider, outcome.attempts[0].price_id) == ("local", 7)
    assert 0 < seconds <= outcome.duration


async def test_time_that_the_local_model_spent_in_vain_costs_nothing_though_it_is_paid_by_the_hour(world, monkeypatch):
    monkeypatch.setattr(costs, "cost", lambda provider, *_: (Decimal("9" if provider == "local" else "0.25"), 7))
    world.local.failures = [ProviderTimeoutError("too slow", kind="timeout")]

    outcome = await recorded_outcome(world)

    assert [attempt.provider_name for attempt in outcome.attempts] == ["local", "anthropic"]
    assert Decimal(outcome.cost) == Decimal("0.25")
