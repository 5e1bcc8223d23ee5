"""The money of an outcome, against the prices that the release ships."""

from dataclasses import replace
from decimal import Decimal

import pytest

from routing import prices
from routing.engine.types import Alias, LocalModel, RoutingRequest, Surroundings, Tier, Usage, Verdict
from routing.prices import DatedPrice, PriceBook, book_of
from routing.prices.defaults import shipped_rows
from routing.route import route_request
from smartgateway.completions import costs, recorded, savings
from smartgateway.completions.fallback import Candidate
from smartgateway.completions.savings import Served

SONNET, OPUS, HAIKU = "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"
LOCAL = Candidate("local", "local", "qwen2.5-coder:14b-instruct")
BY_SONNET = Candidate("sonnet", "anthropic", SONNET)
TITLE = "Generate a concise, 3-5 word title with an emoji summarizing the chat history."
USAGE = Usage(fresh_input_tokens=1_000, output_tokens=500)


@pytest.fixture(autouse=True)
def book(monkeypatch):
    book = book_of(shipped_rows())
    monkeypatch.setattr(prices, "current", lambda: book)
    return book


@pytest.mark.parametrize(
    ("verdict", "state"),
    [
        (Verdict(Tier.LOCAL), "miss"),
        (Verdict(Tier.LOCAL, cached=True), "hit"),
        (Verdict(None, error="timeout"), "timeout"),
        (Verdict(None, error="error:internal", cached=True), "skipped:error:internal"),
    ],
    ids=["asked", "remembered", "failed", "another request's call that failed"],
)
def test_what_came_of_the_classifier_is_recorded(verdict, state):
    assert recorded.classifier_state(verdict) == state


@pytest.fixture
def routed(default_policy):
    async def routed(*texts, model="auto", **policy):
        roles = ("user", "assistant")
        messages = [{"role": roles[place % 2], "content": text} for place, text in enumerate(texts)]
        local = LocalModel(LOCAL.model, loaded=True, context_tokens=16_384, tools=True)
        surroundings = Surroundings(
            local=local, local_models=frozenset({LOCAL.model}), anthropic_models=frozenset({SONNET, OPUS, HAIKU})
        )
        request = RoutingRequest(messages=messages, requested_model=model)
        return await route_request(
            request, policy=replace(default_policy, **policy), surroundings=surroundings, ask_classifier=False
        )

    return routed


def served(by=LOCAL, usage=USAGE, *, cost="0"):
    return Served(by, usage, 0.0, None if cost is None else Decimal(cost))


async def test_what_was_answered_locally_would_have_cost_claudes_tokens(routed):
    found = savings.baselines(await routed("What is a decorator?"), served())

    assert found.is_estimated
    assert found.requested == found.sonnet == Decimal("0.0091")  # 1,300 x 2 and 650 x 10 dollars a million
    assert found.opus == Decimal("0.0182")
    assert found.requested_high is None  # without earlier turns there is nothing to have cached


async def test_earlier_turns_count_as_cache_reads_at_the_low_end_and_as_fresh_at_the_high_one(routed):
    conversation = await routed("a" * 300, "b" * 600, "c" * 100)

    found = savings.baselines(conversation, served())

    assert found.requested == Decimal("0.006877")  # 130 fresh, 1,170 read, 650 out
    assert found.requested_high == Decimal("0.0091")


async def test_what_claude_answered_is_not_estimated(routed):
    usage = Usage(100, 900, output_tokens=500)

    found = savings.baselines(await routed("a" * 300, "b" * 600, "c" * 100), served(BY_SONNET, usage, cost="0.00529"))

    assert (found.requested, found.requested_high, found.is_estimated) == (Decimal("0.00529"), None, False)


async def test_an_explicit_choice_saves_nothing(routed):
    opus = Candidate("opus", "anthropic", OPUS)
    spent = savings.cost("anthropic", OPUS, USAGE)[0]

    found = savings.baselines(await routed("What is a decorator?", model="opus"), served(opus, cost=spent))

    assert found.requested == spent


async def test_an_explicit_choice_saves_nothing_also_where_auto_could_not_have_served(routed):
    named = (await routed("What is a decorator?", model="local"))._replace(auto=None)

    found = savings.baselines(named, served(cost="0"))

    assert found.requested == 0 < found.sonnet


async def test_what_keyword_mode_sends_to_opus_counts_as_asked_of_the_default_model(routed):
    hard = await routed("Prove the correctness of this distributed consensus design, its trade-offs.", mode="keyword")
    opus = Candidate("opus", "anthropic", OPUS)

    found = savings.baselines(hard, served(opus, cost=savings.cost("anthropic", OPUS, USAGE)[0]))

    assert hard.decision.model == OPUS
    assert found.requested == found.sonnet < found.opus


async def test_a_claude_model_that_an_alias_gives_to_auto_stays_what_was_asked_for(routed):
    found = savings.baselines(
        await routed("What is a decorator?", model=OPUS, aliases=(Alias(OPUS, "auto"),)), served()
    )

    assert found.requested == found.opus


async def test_another_name_that_an_alias_gives_to_auto_counts_as_the_default_model(routed):
    found = savings.baselines(await routed("Why?", model="gpt-4o", aliases=(Alias("gpt-*", "auto"),)), served())

    assert found.requested == found.sonnet


async def test_keyword_mode_would_have_taken_opus_for_its_words(routed):
    hard = await routed(
        "Prove the correctness of this distributed consensus design, its trade-offs and race conditions."
    )
    easy = await routed("What is a decorator?")

    assert savings.baselines(hard, served()).keyword == savings.baselines(hard, served()).opus
    assert savings.baselines(easy, served()).keyword == savings.baselines(easy, served()).sonnet


async def test_housekeeping_never_saves_more_than_haiku_costs(routed):
    found = savings.baselines(await routed(TITLE), served())

    haiku = Decimal("0.000455")
    assert (found.requested, found.sonnet, found.opus, found.keyword) == (haiku, haiku, haiku, haiku)


async def test_housekeeping_that_sonnet_answered_saves_nothing_and_loses_nothing(routed):
    cost = savings.cost("anthropic", SONNET, USAGE)[0]

    found = savings.baselines(await routed(TITLE), served(BY_SONNET, cost=cost))

    assert found.requested == cost


async def test_without_haikus_price_what_housekeeping_saved_is_unknown(routed, monkeypatch, book):
    without = {key: rows for key, rows in book.prices.items() if key[1] != HAIKU}
    monkeypatch.setattr(prices, "current", lambda: PriceBook(without))

    assert savings.baselines(await routed(TITLE), served()) == savings.Baselines(is_estimated=True)


async def test_without_a_price_a_baseline_is_unknown_and_the_others_stand(routed, monkeypatch, book):
    without = {key: rows for key, rows in book.prices.items() if key[1] != OPUS}
    monkeypatch.setattr(prices, "current", lambda: PriceBook(without))

    found = savings.baselines(await routed("What is a decorator?"), served())

    assert found.opus is None
    assert found.sonnet == Decimal("0.0091")


@pytest.mark.parametrize(
    ("usage", "saved"),
    [
        pytest.param(Usage(100, 10_000, output_tokens=50), "0.019", id="read again"),
        pytest.param(Usage(100, 0, 10_000, output_tokens=50), "-0.005", id="only written"),
        pytest.param(Usage(100, output_tokens=50), "0", id="no cache"),
    ],
)
def test_the_prompt_cache_saved_what_the_same_input_would_have_cost_fresh(usage, saved):
    assert savings.cache_saved("anthropic", SONNET, usage) == Decimal(saved)


def test_beyond_a_price_step_the_cache_saved_at_that_steps_prices():
    assert savings.cache_saved("anthropic", HAIKU, Usage(1_000, 100_000)) == Decimal("0.045")


def test_what_an_unknown_models_cache_saved_is_unknown():
    assert savings.cache_saved("anthropic", "claude-opus-9", USAGE) is None


async def test_a_machine_paid_by_the_hour_costs_the_classifier_too(routed, monkeypatch, book):
    free = book.prices["local", "*"][0]
    own = DatedPrice(replace(free.price, per_hour=Decimal("3.6")), 9, free.valid_from, None)
    monkeypatch.setattr(prices, "current", lambda: PriceBook({("local", "*"): (own,)}))
    verdict = Verdict(None, model=LOCAL.model, latency_ms=500.0, input_tokens=300)
    judged = (await routed("Fix it"))._replace(verdict=verdict)

    assert Decimal(costs.classifier_cost(judged)) == Decimal("0.0005")
    assert savings.cost("local", LOCAL.model, USAGE, 2.0) == (Decimal("0.002"), 9)
