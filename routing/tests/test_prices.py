from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError

from routing import prices
from routing.models import ModelPrice
from routing.prices import PriceBook, book_of
from routing.prices.changes import start

START = datetime(2026, 11, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _empty_memory(monkeypatch):
    monkeypatch.setattr(prices, "_book", None)
    monkeypatch.setattr(prices, "_trouble", "")


def row(pk=1, model="claude-opus-5-5", provider_name="anthropic", valid_from=START, valid_until=None, dollars=4):
    parts = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    return ModelPrice(
        pk=pk,
        provider_name=provider_name,
        model=model,
        valid_from=valid_from,
        valid_until=valid_until,
        **{f"{part}_per_mtok": Decimal(dollars) for part in parts},
    )


def test_a_price_is_found_by_provider_and_model_with_its_rows_id():
    book = book_of([row(pk=7)])

    price, price_id = book.find("anthropic", "claude-opus-5-5", START)

    assert (price.input_per_mtok, price_id) == (Decimal(4), 7)


@pytest.mark.parametrize(
    ("provider_name", "model"),
    [("local", "claude-opus-5-5"), ("anthropic", "claude-opus-9"), ("anthropic", "claude-opus-5-5-preview")],
)
def test_what_has_no_row_has_no_price(provider_name, model):
    assert book_of([row()]).find(provider_name, model, START) is None


def test_a_dated_name_costs_what_the_model_costs():
    book = book_of([row(model="claude-haiku-4-5")])

    assert book.find("anthropic", "claude-haiku-4-5-20251001", START) is not None


def test_a_star_prices_every_other_model_of_its_provider():
    book = book_of(
        [row(pk=1, provider_name="local", model="*", dollars=0), row(pk=2, provider_name="local", model="big")]
    )

    assert book.find("local", "qwen2.5-coder:14b", START)[1] == 1
    assert book.find("local", "big", START)[1] == 2


def test_each_price_holds_in_its_time():
    change = START + timedelta(days=10)
    book = book_of([row(pk=2, valid_from=change), row(pk=1, valid_until=change)])

    found = [book.find("anthropic", "claude-opus-5-5", START + timedelta(days=days)) for days in (-1, 0, 9, 10, 99)]

    assert [each and each[1] for each in found] == [None, 1, 1, 2, 2]


def test_the_price_of_this_moment_changes_when_its_time_is_over(monkeypatch):
    change = START + timedelta(days=10)
    book, found = book_of([row(pk=2, valid_from=change), row(pk=1, valid_until=change)]), []

    for seconds in (-99, -1, 0, 99):
        monkeypatch.setattr("routing.prices.book.time.time", lambda at=seconds: change.timestamp() + at)
        found.append(book.find("anthropic", "claude-opus-5-5"))

    assert [each[1] for each in found] == [1, 1, 2, 2]


@pytest.mark.django_db
def test_the_shipped_prices_know_the_current_models_and_the_tier_above():
    prices.load_defaults()

    price, _ = prices.current().find("anthropic", "claude-haiku-5-5")
    local, _ = prices.current().find("local", "anything")

    assert (price.input_per_mtok, price.output_per_mtok) == (Decimal("0.10"), Decimal("0.50"))
    assert (price.above_input_tokens, price.above.cache_read_per_mtok) == (100_000, Decimal("0.05"))
    assert (local.input_per_mtok, local.output_per_mtok) == (0, 0)


@pytest.mark.django_db
def test_loading_the_defaults_again_leaves_an_operators_price_alone():
    prices.load_defaults()
    ModelPrice.objects.filter(model="claude-opus-5-5").update(input_per_mtok=Decimal(3))

    assert prices.load_defaults() == 0
    assert ModelPrice.objects.get(model="claude-opus-5-5").input_per_mtok == Decimal(3)


@pytest.mark.django_db
def test_a_changed_price_is_noticed_by_one_query(django_assert_num_queries):
    prices.load_defaults()
    prices.current()
    with django_assert_num_queries(1):
        assert not prices.refresh()
    changed = ModelPrice.objects.get(model="claude-opus-5-5")
    changed.input_per_mtok = Decimal(3)
    changed.save()

    assert prices.refresh()

    assert prices.current().find("anthropic", "claude-opus-5-5")[0].input_per_mtok == Decimal(3)


@pytest.mark.django_db
def test_a_new_price_closes_the_one_that_it_follows():
    row(pk=None).save()
    change = START + timedelta(days=3)

    start(row(pk=None, valid_from=change, dollars=3))

    old, new = ModelPrice.objects.order_by("valid_from")
    assert (old.valid_until, old.input_per_mtok) == (change, Decimal(4))
    assert (new.valid_until, new.input_per_mtok) == (None, Decimal(3))


def test_while_the_database_is_away_the_prices_in_memory_stay(monkeypatch):
    def away():
        raise DatabaseError("away")

    book = PriceBook({})
    monkeypatch.setattr(prices, "_book", book)
    monkeypatch.setattr(prices, "_fingerprint_of_rows", away)

    assert not prices.refresh()
    assert prices.current() is book
    assert prices.trouble() == "the prices could not be read"
