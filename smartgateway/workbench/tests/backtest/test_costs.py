from datetime import timedelta
from decimal import Decimal

from routing.engine.automatic import decide_automatically
from routing.engine.decide import decide
from routing.engine.types import Price, Tier, Verdict
from routing.prices import PriceBook
from routing.prices.book import DatedPrice
from routing.tests.engine.given import MODELS, measured, request, shipped, surroundings
from smartgateway.workbench.backtest.again import Way
from smartgateway.workbench.backtest.costs import Bill, Circumstances, after, before, between, moment_of
from smartgateway.workbench.tests.backtest.given import draft, row

SONNET = Price(*map(Decimal, ("2", "10", "0.1", "2.5", "4")))
OPUS = Price(*map(Decimal, ("4", "20", "0.2", "5", "8")))
HOME = Price(*map(Decimal, ("0", "0", "0", "0", "0")), per_hour=Decimal("0.36"))
OF_SONNET = {"tier": "sonnet", "model": MODELS["sonnet"], "provider_name": "anthropic"} | {
    "served_tier": "sonnet",
    "served_model": f"{MODELS['sonnet']}-20260901",
    "served_provider": "anthropic",
    "cost": Decimal("0.003"),
}
HELLO = measured("hello")


def book():
    prices = {("anthropic", MODELS["sonnet"]): SONNET, ("anthropic", MODELS["opus"]): OPUS, ("local", "*"): HOME}
    start = moment_of(row())
    return PriceBook({name: (DatedPrice(price, 1, start, None),) for name, price in prices.items()})


def way(tier, policy=None, around=None):
    """As an automatic decision for that tier."""
    policy = policy or shipped()
    asked = measured("blue boats")
    decision = decide_automatically(asked, policy, around or surroundings(), Verdict(Tier(tier)))
    return Way(decision, "AMBIGUOUS")


def bill(recorded, tier, *, features=HELLO, around=None, policy=None, prices=None):
    around, policy = around or surroundings(), policy or shipped()
    return after(recorded, way(tier, policy, around), Circumstances(features, around, policy), prices or book())


def exactly(amount):
    return Bill(Decimal(amount), Decimal(amount))


def test_what_goes_where_it_went_costs_what_it_cost():
    assert bill(row(**OF_SONNET), "sonnet") == exactly("0.003")


def test_an_answer_of_sonnet_costs_opus_prices_at_opus():
    assert bill(row(**OF_SONNET), "opus") == exactly("0.006")


def test_without_its_prompt_cache_a_conversation_may_cost_more_elsewhere():
    cached = row(**{**OF_SONNET, "cache_read_input_tokens": 10_000})

    assert bill(cached, "opus") == Bill(Decimal("0.008"), Decimal("0.046"))


def test_a_local_answer_is_reckoned_in_claudes_tokens():
    assert bill(row(), "sonnet") == exactly("0.0039")  # 1,300 in, 130 out


def test_earlier_turns_of_a_local_answer_may_have_been_in_a_cache():
    later = HELLO._replace(turns=3, total_chars=1_000, ask_chars=200)

    found = bill(row(), "sonnet", features=later)

    assert found == Bill(Decimal("0.001924"), Decimal("0.0039"))


def test_the_local_machine_costs_by_the_hour():
    assert bill(row(**OF_SONNET, duration=10.0), "local") == exactly("0.001")


def test_the_next_of_the_chain_answers_for_a_tier_that_was_away():
    away = surroundings(available=frozenset({Tier.SONNET, Tier.OPUS}))

    found = bill(row(**OF_SONNET), "opus", around=surroundings(available=frozenset({Tier.SONNET, Tier.LOCAL})))

    assert found == exactly("0.003")  # sonnet again, which had answered
    assert bill(row(**OF_SONNET), "local", around=away) is None  # haiku has no price here


def test_another_model_behind_a_tier_costs_its_own_price():
    policy = draft(models={**MODELS, "sonnet": MODELS["opus"]})

    assert bill(row(**OF_SONNET), "sonnet", policy=policy) == exactly("0.006")


def test_without_a_price_or_a_recorded_cost_nothing_is_known():
    assert bill(row(**OF_SONNET), "opus", prices=PriceBook({})) is None
    assert bill(row(**{**OF_SONNET, "cost": None}), "opus") is None
    assert before(row(cost=None)) is None


def test_what_nobody_answered_costs_nothing():
    unanswered = row(served_provider="", served_tier="", cost=None)

    assert (before(unanswered), bill(unanswered, "opus")) == (0, Bill(Decimal(0), Decimal(0)))


def test_the_classifiers_part_goes_where_it_is_no_longer_asked():
    asked = row(**OF_SONNET, classifier_cost=Decimal("0.0001"))
    sure = way("sonnet")

    around = Circumstances(HELLO, surroundings(), shipped())
    assert before(asked) == Decimal("0.0031")
    assert after(asked, sure, around, book()) == exactly("0.003")
    assert after(asked, sure._replace(calls=True), around, book()) == exactly("0.0031")


def test_between_several_bills_lie_the_least_and_the_most():
    assert between([exactly("1"), Bill(Decimal("0.5"), Decimal("3"))]) == Bill(Decimal("0.5"), Decimal(3))
    assert between([exactly("1"), None]) is None


def test_a_price_is_that_of_the_day_of_the_request():
    dearer = DatedPrice(SONNET, 2, moment_of(row()) + timedelta(days=1), None)
    of_then = DatedPrice(OPUS, 1, moment_of(row()), dearer.valid_from)
    prices = PriceBook({("anthropic", MODELS["opus"]): (dearer, of_then)})

    assert bill(row(**OF_SONNET), "opus", prices=prices) == exactly("0.006")


def test_haiku_by_name_that_stays_haiku_costs_what_it_cost():
    recorded = row(**OF_SONNET | {"tier": "haiku", "model": MODELS["haiku"], "phase": "explicit"})
    asked = request("hello", requested_model="haiku")
    decision = decide(asked, shipped(), surroundings(), None, HELLO)

    found = after(recorded, Way(decision, "LOCAL"), Circumstances(HELLO, surroundings(), shipped()), book())

    assert found == exactly("0.003")
