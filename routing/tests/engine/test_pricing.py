from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.engine.pricing import cost_of
from routing.engine.types import Price, Usage

COUNTERS = (
    "fresh_input_tokens",
    "cache_read_input_tokens",
    "cache_write_5m_input_tokens",
    "cache_write_1h_input_tokens",
    "output_tokens",
)
HAIKU = Price(
    Decimal("0.10"),
    Decimal("0.50"),
    Decimal("0.01"),
    Decimal("0.125"),
    Decimal("0.20"),
    above_input_tokens=100_000,
    above=Price(Decimal("0.50"), Decimal("2.50"), Decimal("0.05"), Decimal("0.625"), Decimal("1.00")),
)
OPUS = Price(Decimal(4), Decimal(20), Decimal("0.20"), Decimal(5), Decimal(8))
tokens = st.integers(0, 2_000_000)
dollars = st.decimals(0, 1_000, allow_nan=False, places=6)
prices = st.builds(Price, dollars, dollars, dollars, dollars, dollars)
usages = st.builds(Usage, **dict.fromkeys(COUNTERS, tokens))


@pytest.mark.parametrize(
    ("usage", "price", "cost"),
    [
        pytest.param(Usage(), OPUS, "0", id="nothing"),
        pytest.param(Usage(fresh_input_tokens=1_000_000), OPUS, "4", id="fresh input"),
        pytest.param(Usage(output_tokens=500_000, reasoning_tokens=400_000), OPUS, "10", id="reasoning is output"),
        pytest.param(Usage(1_000, 20_000, 300, 40, 700), OPUS, "0.02382", id="all five"),
        pytest.param(Usage(fresh_input_tokens=100_000), HAIKU, "0.01", id="at the step"),
        pytest.param(Usage(100_000, 1, 0, 0, 1_000), HAIKU, "0.05250005", id="above it the whole request"),
        pytest.param(Usage(100_001), replace(HAIKU, above=None), "0.0100001", id="a step without prices"),
    ],
)
def test_a_call_costs_what_its_counters_say(usage, price, cost):
    assert cost_of(usage, price) == Decimal(cost)


@pytest.mark.parametrize(
    ("seconds", "cost"),
    [
        pytest.param(0.0, "0.00001", id="tokens alone"),
        pytest.param(3600.0, "0.50001", id="an hour"),
        pytest.param(7.2, "0.00101", id="seconds"),
    ],
)
def test_a_machine_of_ones_own_also_costs_by_the_hour(seconds, cost):
    own = Price(Decimal("0.1"), Decimal(0), Decimal(0), Decimal(0), Decimal(0), per_hour=Decimal("0.5"))

    assert cost_of(Usage(fresh_input_tokens=100), own, seconds) == Decimal(cost)


def test_time_costs_nothing_where_the_price_has_no_hour():
    assert cost_of(Usage(output_tokens=50), OPUS, 3600.0) == cost_of(Usage(output_tokens=50), OPUS)


@given(usages, prices)
def test_a_cost_is_exact_to_the_last_decimal(usage, price):
    dollars_by_hand = (
        usage.fresh_input_tokens * price.input_per_mtok
        + usage.cache_read_input_tokens * price.cache_read_per_mtok
        + usage.cache_write_5m_input_tokens * price.cache_write_5m_per_mtok
        + usage.cache_write_1h_input_tokens * price.cache_write_1h_per_mtok
        + usage.output_tokens * price.output_per_mtok
    ) / 1_000_000

    assert cost_of(usage, price) == dollars_by_hand


def test_a_price_finer_than_the_table_holds_is_refused():
    with pytest.raises(ValueError, match="six decimals"):
        replace(OPUS, input_per_mtok=Decimal("0.0000001"))


@given(usages, st.sampled_from(COUNTERS), st.integers(1, 1_000_000), st.sampled_from([HAIKU, OPUS]))
def test_more_tokens_never_cost_less(usage, counter, more, price):
    larger = usage._replace(**{counter: getattr(usage, counter) + more})

    assert cost_of(larger, price) > cost_of(usage, price)


@given(usages, usages)
def test_two_calls_cost_their_sum_where_the_price_has_no_step(one, other):
    together = Usage(**{name: getattr(one, name) + getattr(other, name) for name in COUNTERS})

    assert cost_of(together, OPUS) == cost_of(one, OPUS) + cost_of(other, OPUS)


@given(usages)
def test_no_token_is_counted_twice(usage):
    parts = [cost_of(Usage(**{name: getattr(usage, name)}), OPUS) for name in COUNTERS]

    assert cost_of(usage, OPUS) == sum(parts)


def test_every_counter_has_its_price():
    numbers = set(Usage._fields) - {"reasoning_tokens", "is_estimated"}

    assert numbers == set(COUNTERS)
