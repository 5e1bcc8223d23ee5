"""What the classifier is asked, when it is not, and what its trouble comes to."""

import json

import pytest

from routing.breakers import Breaker
from routing.classifier import Classifier
from routing.engine.types import Tier
from routing.providers.base import ProviderTimeoutError, ProviderUnavailableError
from routing.slots import LocalSlots
from routing.tests.classifier.asks import REQUEST, FakeProvider, judge, policy


async def test_a_verdict_carries_tier_reason_model_and_what_it_cost():
    provider = FakeProvider()

    verdict = await Classifier().classify(REQUEST, policy(), judge(provider))

    assert (verdict.tier, verdict.reason, verdict.model) == (Tier.LOCAL, "one place", "small:1b")
    assert (verdict.input_tokens, verdict.output_tokens, verdict.cached, verdict.error) == (90, 9, False, "")
    assert verdict.latency_ms > 0


async def test_the_call_asks_the_policys_model_for_a_schema_within_its_own_timeout():
    provider = FakeProvider()

    await Classifier().classify(REQUEST, policy(timeout=3.0), judge(provider))

    [call] = provider.calls
    assert call.model == call.body["model"] == "small"
    assert call.body["response_format"]["json_schema"]["schema"]["properties"]["tier"]["enum"] == [*Tier]
    assert call.timeouts.first_byte == 3.0
    assert "sort these imports" in json.loads(call.body["messages"][1]["content"])["messages"][0]["text"]


@pytest.mark.parametrize(
    ("reply", "error"),
    [
        pytest.param(ProviderUnavailableError("down", kind="connect"), "error:connect", id="away"),
        pytest.param(ProviderTimeoutError("slow"), "timeout", id="silent"),
        pytest.param("I think local", "error:unreadable_answer", id="prose"),
        pytest.param('{"tier": "mega"}', "error:unreadable_answer", id="an unknown tier"),
        pytest.param(RuntimeError("a bug"), "error:internal", id="a bug"),
    ],
)
async def test_trouble_is_a_verdict_without_a_tier_and_is_not_remembered(reply, error):
    provider, subject = FakeProvider(reply), Classifier()

    verdicts = [await subject.classify(REQUEST, policy(), judge(provider)) for _ in range(2)]

    assert [(verdict.tier, verdict.error) for verdict in verdicts] == [(None, error)] * 2
    assert len(provider.calls) == 2


async def test_its_own_timeout_ends_a_call_that_hangs():
    provider = FakeProvider()
    provider.may_answer.clear()

    verdict = await Classifier().classify(REQUEST, policy(timeout=0.02), judge(provider))

    assert (verdict.tier, verdict.error) == (None, "timeout")


async def test_it_is_not_asked_while_it_is_not_ready_or_not_there():
    provider, subject = FakeProvider(), Classifier()

    verdicts = [
        await subject.classify(REQUEST, policy(), judge(provider), is_ready=False),
        await subject.classify(REQUEST, policy(), None),
    ]

    assert [verdict.error for verdict in verdicts] == ["skipped:not_ready"] * 2
    assert provider.calls == []


async def test_it_is_not_asked_while_the_local_model_has_no_free_slot():
    provider, subject, slots = FakeProvider(), Classifier(), LocalSlots(1)
    await slots.acquire(0)

    busy = await subject.classify(REQUEST, policy(), judge(provider, slots))
    slots.release()
    answered = await subject.classify(REQUEST, policy(), judge(provider, slots))

    assert (busy.error, answered.tier) == ("skipped:busy", Tier.LOCAL)
    assert slots.in_flight == 0


async def test_a_call_gives_its_slot_back_when_it_fails():
    provider, slots = FakeProvider(RuntimeError("a bug")), LocalSlots(1)

    await Classifier().classify(REQUEST, policy(), judge(provider, slots))

    assert slots.in_flight == 0


async def test_after_failures_in_a_row_it_is_left_alone_for_a_while():
    now = 0.0
    breaker = Breaker("classifier", failures_to_open=2, open_seconds=30, clock=lambda: now)
    provider, subject = FakeProvider("prose"), Classifier(breaker=breaker)
    for _ in range(2):
        await subject.classify(REQUEST, policy(), judge(provider))

    skipped = await subject.classify(REQUEST, policy(), judge(provider))
    now = 31.0
    provider.reply = '{"tier": "opus", "reason": "hard"}'
    recovered = await subject.classify(REQUEST, policy(), judge(provider))

    assert skipped.error == "skipped:breaker_open"
    assert recovered.tier is Tier.OPUS
    assert len(provider.calls) == 3
