import asyncio
from dataclasses import replace

import msgspec
import pytest

from audit.recording import AuditUnavailableError
from routing import breakers, connections, sessions
from routing.engine.types import LADDER, Tier
from routing.providers.base import (
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderTimeoutError,
    ProviderUnavailableError,
    RateLimitedError,
)
from routing.slots import LocalSlots
from smartgateway.completions import calling, path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Ask, Options
from smartgateway.completions.fallback import Candidate
from smartgateway.completions.tests.fakes import CHUNKS, Plain
from smartgateway.keys.errors import RateLimitExceededError

EXPLAIN = "Explain what a Python list comprehension does"
LOCAL_MODEL = "qwen2.5-coder:14b-instruct"
NO_OPTIONS, STAYING, NOT_OPUS = Options(), Options(local_only=True), Options(tier="sonnet")
SONNET, OPUS, HAIKU = "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"


def ask(world, text=EXPLAIN, *, model="auto", stream=False, options=NO_OPTIONS, **body):
    messages = [{"role": "user", "content": text}]
    return Ask(
        key=world.key,
        face="chat",
        body={"messages": messages, "model": model, **body},
        options=options,
        is_stream=stream,
    )


def down(**options):
    return ProviderUnavailableError("down", kind="unavailable", is_retryable=True, **options)


async def streamed(world, **options):
    streaming = await path.stream(ask(world, stream=True, **options), Plain())
    return streaming, [event async for event in streaming.events]


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


@pytest.mark.parametrize(
    ("model", "tier"),
    [("haiku", "haiku"), (HAIKU, "haiku"), ("claude-fable-5-2", ""), ("sonnet", "sonnet")],
)
async def test_a_model_by_name_is_recorded_with_its_tier_and_haiku_as_one(world, model, tier):
    await path.complete(ask(world, model=model))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    assert (decision.tier, outcome.served_tier) == (tier, tier)


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


async def test_an_intent_that_comes_to_nothing_is_closed_with_its_cause(world):
    world.refusal = RateLimitExceededError(retry_after=12.0, limit=600)

    with pytest.raises(GatewayError):
        await path.complete(ask(world))

    [decision], [outcome] = world.record.decisions, world.record.outcomes
    [attempt] = outcome.attempts
    assert (attempt.id, attempt.error_type, attempt.status) == (decision.first_attempt.id, "rate_limit_exceeded", None)
    assert outcome.cost == "0"


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


def raw_ask(world, text, **body):
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], "seed": 12345678901234567890, **body}
    return Ask(
        key=world.key, face="chat", body=body, options=NO_OPTIONS, is_stream=False, raw=msgspec.json.encode(body)
    )


async def test_a_provider_of_the_same_dialect_gets_the_members_as_they_came(world):
    world.local.dialect = "openai"

    await path.complete(raw_ask(world, EXPLAIN, provider="local"))

    raw = world.local.calls[0].raw
    assert bytes(raw["seed"]) == b"12345678901234567890"
    assert set(raw) == {"model", "messages", "seed"}


async def test_a_rewritten_ask_is_rewritten_in_what_passes_through_too(world):
    world.local.dialect = "openai"

    await path.complete(raw_ask(world, "@local what now?"))

    assert bytes(world.local.calls[0].raw["messages"]) == b'[{"role":"user","content":"what now?"}]'


async def test_removed_tools_are_gone_from_what_passes_through_too(world):
    world.local.dialect = "openai"
    tool = {"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}

    await path.complete(raw_ask(world, "hello", tools=[tool], tool_choice="auto"))

    call = world.local.calls[0]
    assert not {"tools", "tool_choice"} & (set(call.raw) | set(call.body))


@pytest.mark.parametrize(("model", "is_remembered"), [("auto", False), ("sonnet", True)], ids=["local", "Claude"])
async def test_a_conversation_is_remembered_where_that_holds_its_tier(world, monkeypatch, model, is_remembered):
    remembered = []
    monkeypatch.setattr(sessions, "remember", lambda *told, **more: remembered.append(told))

    await path.complete(ask(world, model=model))

    assert bool(remembered) is is_remembered
