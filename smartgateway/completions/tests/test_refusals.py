"""What is refused, by an upstream or by us, and how that is told and recorded."""

import pytest

from routing.providers.base import ProviderMisconfiguredError, ProviderRejectedError, RateLimitedError
from smartgateway.completions import path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.tests.asks import NOT_OPUS, OPUS, STAYING, ask
from smartgateway.keys.errors import RateLimitExceededError


async def test_what_claude_refuses_is_not_tried_elsewhere(world):
    world.anthropic.failures = [ProviderRejectedError("bad schema", kind="invalid_request_error", status=400)]

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world, "Carry on with the matter at hand."))

    assert (caught.value.status, caught.value.message) == (400, "bad schema")
    assert world.record.outcomes[0].fallback_causes == []
    assert len(world.anthropic.calls) == 1


async def test_our_own_keys_trouble_is_never_the_clients_401(world):
    world.anthropic.failures = [ProviderMisconfiguredError("invalid x-api-key sk-ant-1", kind="auth", status=401)]

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world, model="sonnet"))

    assert caught.value.status == 502
    assert "sk-ant" not in caught.value.message


async def test_an_upstreams_retry_after_reaches_the_client(world):
    world.anthropic.failures = [RateLimitedError("slow down", kind="rate_limit_error", status=429, retry_after=17)]

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world, model="opus"))

    assert (caught.value.status, caught.value.retry_after) == (429, 17)


async def test_a_key_over_its_limit_is_refused_and_the_refusal_is_an_outcome(world):
    world.refusal = RateLimitExceededError(retry_after=12.0, limit=600)

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world))

    assert caught.value.status == 429
    assert world.log == ["decided", "settled"]
    assert world.record.outcomes[0].status == "refused"


async def test_a_tier_without_a_provider_says_what_to_set(world):
    world.providers["anthropic"] = None

    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world, model="opus"))

    assert (caught.value.status, caught.value.code, caught.value.should_retry) == (503, "tier_not_configured", False)
    assert "ANTHROPIC_API_KEY" in caught.value.message


async def test_an_unknown_model_is_a_404(world):
    with pytest.raises(GatewayError) as caught:
        await path.complete(ask(world, model="sonet"))

    assert caught.value.status == 404
    assert "sonnet" in caught.value.message
    assert (caught.value.decision_id, world.log) == (world.record.decisions[0].id, ["decided", "settled"])


@pytest.mark.parametrize(
    ("asked", "code", "status", "tier", "model"),
    [
        pytest.param({"model": "sonet"}, "model_not_found", 404, "", "", id="unknown"),
        pytest.param({"model": "opus", "options": STAYING}, "local_only", 403, "opus", OPUS, id="local only"),
        pytest.param({"model": "opus", "options": NOT_OPUS}, "contradictory_choice", 400, "", "", id="contradiction"),
    ],
)
async def test_what_cannot_be_had_is_recorded_as_a_decision_and_its_refusal(world, asked, code, status, tier, model):
    with pytest.raises(GatewayError):
        await path.complete(ask(world, **asked))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    assert (decision.phase, decision.tier, decision.model, decision.auto_tier) == ("explicit", tier, model, "local")
    assert [reason[0] for reason in decision.reasons] == [code]
    assert (outcome.status, outcome.http_status, outcome.error_type) == ("refused", status, code)
    assert (outcome.attempts, world.local.calls, world.anthropic.calls) == ([], [], [])
