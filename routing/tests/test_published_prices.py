"""The shipped prices against the table that they were read from, and the command that keeps them up to date."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from routing import policies, prices
from routing.models import AdminChange, ModelPrice
from routing.models.prices import PARTS
from routing.prices import published
from routing.prices.defaults import shipped_rows

READ_AT = datetime(2026, 11, 23, tzinfo=UTC)
# Read on 2026-11-23: input, output, cache read, cache write 5 minutes, cache write 1 hour.
VERIFIED = """
claude-opus-5-5    4    20   0.20 5     8
claude-sonnet-5-5  2    10   0.10 2.5   4
claude-haiku-5-5   0.10 0.50 0.01 0.125 0.20
claude-fable-5-2   8    40   0.20 10    16
claude-opus-5      5    25   0.50 6.25  10
claude-sonnet-5    2    10   0.20 2.5   4
claude-opus-4-8    5    25   0.50 6.25  10
claude-opus-4-7    5    25   0.50 6.25  10
claude-sonnet-4-6  3    15   0.30 3.75  6
claude-opus-4-6    5    25   0.50 6.25  10
claude-haiku-4-5   1    5    0.10 1.25  2
claude-sonnet-4-5  3    15   0.30 3.75  6
"""


@pytest.fixture
def _bootstrapped(db):
    prices.load_defaults()
    policies.load_defaults()


def load_prices(*arguments):
    output = StringIO()
    call_command("load_prices", *arguments, stdout=output)
    return output.getvalue()


def rows(model):
    return ModelPrice.objects.filter(model=model).order_by("valid_from")


def test_the_shipped_prices_are_the_verified_ones():
    shipped = {row.model: [getattr(row, f"{part}_per_mtok") for part in PARTS] for row in shipped_rows()}
    verified = [line.split() for line in VERIFIED.strip().splitlines()]

    assert {model: shipped[model] for model, *_ in verified} == {
        model: [Decimal(text) for text in amounts] for model, *amounts in verified
    }
    assert len(shipped) == len(verified) + 1  # and the machine of one's own


@pytest.mark.parametrize("row", [row for row in shipped_rows() if row.provider_name == "anthropic"], ids=str)
def test_the_shipped_prices_are_those_of_the_package_long_requests_too(row):
    assert published.published(row.model, READ_AT).amounts == row.amounts


def test_haikus_long_requests_cost_five_times_as_much():
    haiku = published.published("claude-haiku-5-5", READ_AT)

    assert haiku.above_input_tokens == 100_000
    assert all(getattr(haiku, f"above_{part}_per_mtok") == 5 * getattr(haiku, f"{part}_per_mtok") for part in PARTS)


def test_a_price_is_the_one_of_its_day():
    before = published.published("claude-opus-4-6", datetime(2026, 3, 1, tzinfo=UTC))
    after = published.published("claude-opus-4-6", datetime(2026, 4, 1, tzinfo=UTC))

    assert (before.above_input_tokens, after.above_input_tokens) == (200_000, None)


@pytest.mark.usefixtures("_bootstrapped")
def test_a_table_that_says_the_same_changes_nothing():
    before = list(ModelPrice.objects.values())

    said = load_prices("--apply")

    assert "There is nothing to take over." in said
    assert list(ModelPrice.objects.values()) == before


@pytest.mark.usefixtures("_bootstrapped")
def test_a_changed_price_is_shown_and_not_written_until_that_is_asked_for():
    rows("claude-opus-5-5").update(input_per_mtok=Decimal(3))

    said = load_prices()

    assert "~ claude-opus-5-5          input 3 → 4" in said
    assert "Nothing was written" in said
    assert rows("claude-opus-5-5").get().input_per_mtok == 3


@pytest.mark.usefixtures("_bootstrapped")
def test_a_changed_price_becomes_a_new_row_and_the_old_one_is_closed():
    rows("claude-opus-5-5").update(input_per_mtok=Decimal(3))

    load_prices("--apply")

    old, new = rows("claude-opus-5-5")
    assert (old.input_per_mtok, old.valid_until) == (3, new.valid_from)
    assert (new.input_per_mtok, new.valid_until, new.is_edited) == (4, None, False)
    assert new.source.startswith("genai-prices 0.2.3, read ")
    assert "nothing to take over" in load_prices("--apply")


@pytest.mark.usefixtures("_bootstrapped")
def test_a_price_that_was_taken_over_stays_on_record():
    rows("claude-opus-5-5").update(input_per_mtok=Decimal(3))

    load_prices("--apply")

    entry = AdminChange.objects.get(author="load_prices")
    assert (entry.subject, entry.action, entry.name) == ("model price", "changed", "anthropic/claude-opus-5-5")
    assert Decimal(entry.before["input_per_mtok"]) == 3


@pytest.mark.usefixtures("_bootstrapped")
@pytest.mark.parametrize("is_over", [False, True], ids=["in force", "ended by hand"])
def test_what_was_set_by_hand_stays(is_over):
    until = datetime.now(UTC) - timedelta(days=1) if is_over else None
    rows("claude-opus-5-5").update(input_per_mtok=Decimal(3), is_edited=True, valid_until=until)

    said = load_prices("--apply")

    assert "! claude-opus-5-5          set by hand, stays: input 3 → 4" in said
    assert rows("claude-opus-5-5").get().input_per_mtok == 3


@pytest.mark.usefixtures("_bootstrapped")
def test_a_model_may_be_looked_up_by_name():
    said = load_prices("--apply", "--model", "claude-mythos-5-2")

    assert "+ claude-mythos-5-2        new: input 8, output 40, cache read 0.2" in said
    assert rows("claude-mythos-5-2").get().cache_write_1h_per_mtok == 16


@pytest.mark.django_db
def test_a_model_of_the_policy_without_a_price_is_looked_up(settings):
    settings.OPUS_MODEL = "claude-mythos-5-2"
    policies.load_defaults()

    load_prices("--apply")

    assert rows("claude-mythos-5-2").get().input_per_mtok == 8


@pytest.mark.django_db
def test_what_the_table_does_not_know_is_said_and_left_alone():
    assert "? claude-opus-99           not in the table" in load_prices("--apply", "--model", "claude-opus-99")
    assert not ModelPrice.objects.exists()


@pytest.mark.django_db
def test_a_price_in_a_form_that_no_row_can_hold_is_left_alone():
    assert "without a price for cache_read, cache_write_5m, cache_write_1h" in load_prices(
        "--apply", "--model", "claude-2"
    )
    assert not ModelPrice.objects.exists()


def test_no_serving_process_imports_the_table():
    asked = "import sys, smartgateway.asgi; print('genai_prices' in sys.modules)"

    answer = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "False"
