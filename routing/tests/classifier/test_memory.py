"""The same question is asked once: from memory, or together with who asks at the same time."""

import asyncio

from routing.classifier import Classifier
from routing.engine.types import RoutingRequest, Tier
from routing.tests.classifier.asks import REQUEST, FakeProvider, judge, policy


def ask(text):
    return RoutingRequest(messages=[{"role": "user", "content": text}])


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
