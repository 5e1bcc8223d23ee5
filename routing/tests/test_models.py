from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models.deletion import ProtectedError

from routing.models import (
    FallbackStep,
    ModelAlias,
    ModelPrice,
    Phrase,
    PhraseList,
    PolicyVersion,
    RoutingSettings,
    Threshold,
    TierModel,
)

pytestmark = pytest.mark.django_db
START = datetime(2026, 11, 1, tzinfo=UTC)


def price(**changes):
    parts = {
        f"{part}_per_mtok": Decimal(1) for part in ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
    }
    return ModelPrice(**{"provider_name": "anthropic", "model": "m", "valid_from": START, **parts, **changes})


def phrase(**changes):
    phrase_list = PhraseList.objects.get_or_create(name="deep")[0]
    return Phrase(**{"phrase_list": phrase_list, "text": "prove", **changes})


@pytest.mark.parametrize(
    "row",
    [
        pytest.param(lambda: Threshold(name="t", value=11, lower=0, upper=10), id="a value above its bounds"),
        pytest.param(lambda: Threshold(name="t", value=-1, lower=0, upper=10), id="a value below its bounds"),
        pytest.param(lambda: phrase(weight=0), id="a phrase that does not count"),
        pytest.param(lambda: phrase(weight=11), id="a phrase that counts too much"),
        pytest.param(lambda: phrase(text=""), id="an empty phrase"),
        pytest.param(lambda: ModelAlias(pattern="a", target="a"), id="an alias of itself"),
        pytest.param(lambda: ModelAlias(pattern="", target="auto"), id="an alias without a name"),
        pytest.param(lambda: TierModel(slot="mega", model="m"), id="an unknown slot"),
        pytest.param(lambda: TierModel(slot="opus", model=""), id="an empty slot"),
        pytest.param(lambda: FallbackStep(from_tier="opus", order=1, to="opus"), id="a fallback to itself"),
        pytest.param(lambda: FallbackStep(from_tier="opus", order=1, to="mega"), id="a fallback to nowhere"),
        pytest.param(lambda: RoutingSettings(id=2), id="a second row of settings"),
        pytest.param(lambda: RoutingSettings(mode="random"), id="an unknown mode"),
        pytest.param(lambda: RoutingSettings(ambiguous_fallback_tier="haiku"), id="an unknown tier"),
        pytest.param(lambda: price(input_per_mtok=Decimal(-1)), id="a negative price"),
        pytest.param(lambda: price(per_hour=Decimal(-1)), id="a negative price of an hour"),
        pytest.param(lambda: price(valid_until=START), id="a price that ends as it starts"),
        pytest.param(lambda: price(above_input_tokens=100), id="a limit without prices above it"),
        pytest.param(lambda: price(above_input_per_mtok=Decimal(1)), id="prices above no limit"),
        pytest.param(lambda: PolicyVersion(number=0, content={}, digest="d"), id="a version before the first"),
    ],
)
def test_the_database_refuses(row):
    unsaved = row()

    with pytest.raises(IntegrityError), transaction.atomic():
        unsaved.save()


@pytest.mark.parametrize(
    ("row", "twin"),
    [
        pytest.param(phrase, lambda: phrase(text="PROVE"), id="a phrase in other letters"),
        pytest.param(price, price, id="a price from the same moment"),
        pytest.param(
            lambda: FallbackStep(from_tier="opus", order=1, to="sonnet"),
            lambda: FallbackStep(from_tier="opus", order=1, to="local"),
            id="two first steps",
        ),
        pytest.param(
            lambda: FallbackStep(from_tier="opus", order=1, to="sonnet"),
            lambda: FallbackStep(from_tier="opus", order=2, to="sonnet"),
            id="the same step twice",
        ),
        pytest.param(
            lambda: PolicyVersion(number=1, content={}, digest="d"),
            lambda: PolicyVersion(number=1, content={}, digest="e"),
            id="a version number twice",
        ),
    ],
)
def test_the_database_refuses_twins(row, twin):
    row().save()
    second = twin()

    with pytest.raises(IntegrityError), transaction.atomic():
        second.save()


def test_a_price_may_follow_another():
    price(valid_until=START + timedelta(days=1)).save()

    price(valid_from=START + timedelta(days=1)).save()

    assert ModelPrice.objects.count() == 2


@pytest.mark.parametrize(
    ("start", "end"),
    [
        pytest.param(1, None, id="inside, without an end"),
        pytest.param(-5, 1, id="into its start"),
        pytest.param(-5, None, id="around it"),
        pytest.param(3, 4, id="inside"),
    ],
)
def test_the_database_refuses_two_prices_at_one_moment(start, end):
    day = timedelta(days=1)
    price(valid_until=START + 10 * day).save()
    second = price(valid_from=START + start * day, valid_until=end and START + end * day)

    with pytest.raises(IntegrityError, match="two prices"), transaction.atomic():
        second.save()


def test_the_database_refuses_to_stretch_a_price_over_the_next():
    change = START + timedelta(days=1)
    price(valid_from=change).save()
    first = price(valid_until=change)
    first.save()

    first.valid_until = None
    with pytest.raises(IntegrityError, match="two prices"), transaction.atomic():
        first.save()


def test_prices_of_other_models_and_providers_hold_at_the_same_time():
    price().save()

    price(model="other").save()
    price(provider_name="local").save()

    assert ModelPrice.objects.count() == 3


def test_a_threshold_out_of_bounds_is_explained_beside_its_value():
    with pytest.raises(ValidationError) as refused:
        Threshold(name="t", value=11, unit="turns", lower=0, upper=10).full_clean()

    assert refused.value.message_dict["value"] == ["Use a value from 0 to 10 (turns)."]


@pytest.mark.parametrize("pattern", ["gpt *", "g*t", "**", ""])
def test_an_alias_takes_a_star_only_at_its_end(pattern):
    with pytest.raises(ValidationError) as refused:
        ModelAlias(pattern=pattern, target="auto").full_clean()

    assert "pattern" in refused.value.message_dict


def test_the_database_refuses_to_change_a_published_policy():
    version = PolicyVersion.objects.create(number=1, content={"mode": "local_first"}, digest="d", note="first")

    version.content = {"mode": "keyword"}
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        version.save()
    with pytest.raises(IntegrityError, match="never changes"), transaction.atomic():
        PolicyVersion.objects.update(note="rewritten")

    assert PolicyVersion.objects.get().content == {"mode": "local_first"}


def test_a_published_policy_is_not_deleted():
    version = PolicyVersion.objects.create(number=1, content={}, digest="d", note="first")

    with pytest.raises(ProtectedError):
        version.delete()
    with pytest.raises(ProtectedError):
        PolicyVersion.objects.all().delete()
