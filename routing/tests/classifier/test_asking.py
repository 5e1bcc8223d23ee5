import asyncio
import json

import pytest

from routing.breakers import Breaker
from routing.classifier import Classifier, Judge
from routing.engine.types import Policy, RoutingRequest, Tier, Usage
from routing.providers.base import Account, Answer, ProviderTimeoutError, ProviderUnavailableError
from routing.slots import LocalSlots

REQUEST = RoutingRequest(messages=[{"role": "user", "content": "sort these imports"}])


def policy(version=1, timeout=5.0, cache_size=256):
    return Policy(
        version=version,
        digest="d",
        thresholds={"classifier_timeout_seconds": timeout, "classifier_cache_size": cache_size},
        switches={},
        phrases={},
        aliases=(),
        models={"classifier": "small"},
        fallbacks={},
    )


class FakeProvider:
    """Answers with `reply` (an exception is raised) once `may_answer` is set."""

    name = "local"
    dialect = "openai"

    def __init__(self, reply='{"tier": "local", "reason": "one place"}'):
        self.reply = reply
        self.calls = []
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def complete(self, call):
        self.calls.append(call)
        await self.may_answer.wait()
        if isinstance(self.reply, Exception):
            raise self.reply
        usage = Usage(fresh_input_tokens=90, output_tokens=9)
        message = {"role": "assistant", "content": self.reply}
        return Answer(Account(response_model="small:1b", usage=usage), {"choices": [{"message": message}]})


def judge(provider, slots=None):
    return Judge(provider, "small", slots)


def ask(text):
    return RoutingRequest(messages=[{"role": "user", "content": text}])


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


async def test_the_same_question_is_answered_from_memory_and_costs_nothing():
    provider, subject = FakeProvider(), Classifier()
    await subject.classify(REQUEST, policy(), judge(provider))

    verdict = await subject.classify(REQUEST, policy(), judge(provider))

    assert len(provider.calls) == 1
    assert (verdict.tier, verdict.cached) == (Tier.LOCAL, True)
    assert (verdict.latency_ms, verdict.input_tokens, verdict.output_tokens) == (0.0, 0, 0)


async def test_memory_answers_even_when_the_model_is_not_ready():
    provider, subject = FakeProvider(), Classifier()
    await subject.classify(REQUEST, policy(), judge(provider))

    verdict = await subject.classify(REQUEST, policy(), judge(provider), is_ready=False)

    assert verdict.tier is Tier.LOCAL


async def test_another_policy_version_asks_again():
    provider, subject = FakeProvider(), Classifier()
    await subject.classify(REQUEST, policy(version=1), judge(provider))

    await subject.classify(REQUEST, policy(version=2), judge(provider))

    assert len(provider.calls) == 2


async def test_only_the_last_two_messages_are_the_question():
    provider, subject = FakeProvider(), Classifier()
    turns = [{"role": "user", "content": "first"}, {"role": "assistant", "content": "a"}, *REQUEST.messages]
    await subject.classify(RoutingRequest(messages=turns), policy(), judge(provider))

    verdict = await subject.classify(RoutingRequest(messages=turns[1:]), policy(), judge(provider))

    assert verdict.cached


async def test_memory_is_bounded_and_the_least_recent_leave_first():
    provider, subject = FakeProvider(), Classifier()
    for text in ("a", "b", "a", "c"):
        await subject.classify(ask(text), policy(cache_size=2), judge(provider))

    cached = [
        (await subject.classify(ask(text), policy(cache_size=2), judge(provider))).cached for text in ("a", "c", "b")
    ]

    assert cached == [True, True, False]


async def test_the_same_question_at_once_is_asked_once():
    provider, subject = FakeProvider(), Classifier()
    provider.may_answer.clear()
    waiting = [asyncio.create_task(subject.classify(REQUEST, policy(), judge(provider))) for _ in range(10)]
    await asyncio.sleep(0)

    provider.may_answer.set()
    verdicts = await asyncio.gather(*waiting)

    assert len(provider.calls) == 1
    assert [verdict.tier for verdict in verdicts] == [Tier.LOCAL] * 10
    assert sum(verdict.input_tokens for verdict in verdicts) == 90


async def test_a_cancelled_waiter_does_not_cancel_the_others():
    provider, subject = FakeProvider(), Classifier()
    provider.may_answer.clear()
    first = asyncio.create_task(subject.classify(REQUEST, policy(), judge(provider)))
    await asyncio.sleep(0)
    second = asyncio.create_task(subject.classify(REQUEST, policy(), judge(provider)))
    await asyncio.sleep(0)

    first.cancel()
    await asyncio.sleep(0)
    provider.may_answer.set()

    assert (await second).tier is Tier.LOCAL
    assert first.cancelled()
    assert len(provider.calls) == 1


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
