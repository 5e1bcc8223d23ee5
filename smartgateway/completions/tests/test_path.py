"""The one path when all is well: decided, recorded, called, settled."""

import msgspec
import pytest

from routing import sessions
from routing.providers.base import ProviderRejectedError, ProviderTimeoutError, RateLimitedError
from smartgateway.completions import path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.tests.asks import EXPLAIN, HAIKU, LOCAL_MODEL, OPUS, ask, down, streamed


async def test_the_decision_is_durable_before_the_call_and_the_outcome_after_it(world):
    await path.complete(ask(world))

    assert world.log == ["decided", f"call local {LOCAL_MODEL}", "settled"]


async def test_an_answer_is_recorded_with_what_it_used_and_would_have_cost(world):
    await path.complete(ask(world))

    [outcome] = world.record.outcomes
    assert (outcome.status, outcome.served_tier, outcome.served_model) == ("answered", "local", LOCAL_MODEL)
    assert (outcome.fresh_input_tokens, outcome.output_tokens) == (10, 5)
    assert outcome.cost == "0"
    assert float(outcome.baseline_opus) > float(outcome.baseline_sonnet) > 0
    assert outcome.is_baseline_estimated


async def test_the_first_attempts_intent_travels_inside_the_decision(world):
    await path.complete(ask(world))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    assert decision.first_attempt.id == outcome.attempts[0].id
    assert world.record.intents == []


async def test_a_retry_is_durable_as_intent_before_its_call(world):
    world.local.failures = [down()]

    await path.complete(ask(world))

    assert world.log == ["decided", f"call local {LOCAL_MODEL}", "intended", f"call local {LOCAL_MODEL}", "settled"]
    assert [attempt.error_type for attempt in world.record.outcomes[0].attempts] == ["unavailable", ""]


@pytest.mark.parametrize(
    ("failure", "calls"),
    [
        pytest.param(down(), 2, id="unavailable"),
        pytest.param(down(retry_after=1), 2, id="soon-back"),
        pytest.param(down(retry_after=60), 1, id="long-away"),
        pytest.param(RateLimitedError("busy", status=429, retry_after=1, is_retryable=True), 2, id="short-limit"),
        pytest.param(RateLimitedError("busy", status=429), 1, id="limit-without-end"),
        pytest.param(RateLimitedError("busy", status=529, is_retryable=True), 2, id="overloaded"),
        pytest.param(ProviderTimeoutError("silent"), 1, id="silent"),
        pytest.param(ProviderRejectedError("no", status=400), 1, id="refused"),
    ],
)
@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
async def test_a_call_is_tried_once_more_at_most_and_only_where_that_may_help(world, failure, calls, is_stream):
    world.anthropic.failures = [failure] * 3

    with pytest.raises(GatewayError):
        await (streamed(world, model="sonnet") if is_stream else path.complete(ask(world, model="sonnet")))

    assert len(world.anthropic.calls) == calls


@pytest.mark.parametrize(
    ("model", "tier"),
    [("haiku", "haiku"), (HAIKU, "haiku"), ("claude-fable-5-2", ""), ("sonnet", "sonnet")],
)
async def test_a_model_by_name_is_recorded_with_its_tier_and_haiku_as_one(world, model, tier):
    await path.complete(ask(world, model=model))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    assert (decision.tier, outcome.served_tier) == (tier, tier)


async def test_attached_tools_go_when_a_plain_question_goes_local(world):
    tool = {"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}

    answered = await path.complete(ask(world, "hello", tools=[tool], tool_choice="auto"))

    assert "tools" not in world.local.calls[0].body
    assert answered.exchange.dropped_params == ["tools", "tool_choice"]


async def test_an_explicit_word_is_taken_out_before_the_model_sees_it(world):
    await path.complete(ask(world, "@opus what now?"))

    assert world.anthropic.calls[0].model == OPUS
    assert world.anthropic.calls[0].body["messages"][-1]["content"] == "what now?"


async def test_the_record_holds_no_word_of_the_request(world):
    await path.complete(ask(world, f"{EXPLAIN}: zebra-crossing-7781", user="ada"))

    written = msgspec.msgpack.encode([*world.record.decisions, *world.record.outcomes])
    assert b"zebra" not in written


@pytest.mark.parametrize(("model", "is_remembered"), [("auto", False), ("sonnet", True)], ids=["local", "Claude"])
async def test_a_conversation_is_remembered_where_that_holds_its_tier(world, monkeypatch, model, is_remembered):
    remembered = []
    monkeypatch.setattr(sessions, "remember", lambda *told, **more: remembered.append(told))

    await path.complete(ask(world, model=model))

    assert bool(remembered) is is_remembered
