"""Records that cannot be kept: nothing is called, and nothing is called whole."""

import pytest

from audit.recording import AuditUnavailableError
from smartgateway.completions import path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.tests.asks import ask, down
from smartgateway.keys.errors import RateLimitExceededError


async def test_an_intent_that_comes_to_nothing_is_closed_with_its_cause(world):
    world.refusal = RateLimitExceededError(retry_after=12.0, limit=600)

    with pytest.raises(GatewayError):
        await path.complete(ask(world))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    [attempt] = outcome.attempts
    assert (attempt.id, attempt.error_type, attempt.status) == (decision.first_attempt.id, "rate_limit_exceeded", None)
    assert outcome.cost == "0"


async def test_nothing_is_called_that_cannot_be_recorded(world):
    world.record.failing = {"decided"}

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world))

    assert (caught.value.status, caught.value.code) == (503, "audit_unavailable")
    assert world.log == []


async def test_a_decision_that_the_database_took_too_late_has_its_outcome(world):
    world.record.failing = {"decided"}
    world.record.unavailable = AuditUnavailableError("too late", is_kept=True)

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world))

    [outcome] = world.record.outcomes
    assert (caught.value.code, outcome.error_type, outcome.status) == (
        "audit_unavailable",
        "audit_unavailable",
        "failed",
    )
    assert [attempt.error_type for attempt in outcome.attempts] == ["audit_unavailable"]
    assert world.record.log == ["left"]


async def test_no_answer_is_given_whose_outcome_cannot_be_recorded(world):
    world.record.failing = {"settled"}

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world))

    assert caught.value.code == "audit_unavailable"


async def test_a_second_attempt_that_cannot_be_recorded_is_not_made(world):
    world.local.failures = [down()]
    world.record.failing = {"intended"}

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world))

    assert caught.value.code == "audit_unavailable"
    assert len(world.local.calls) == 1
