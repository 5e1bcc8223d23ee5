"""Prices: a changed one is a new row, and the record keeps what it was charged by."""

import pytest
from django.utils import timezone

from routing.models import ModelPrice
from routing.tests.admin.pages import page, text

pytestmark = pytest.mark.usefixtures("bootstrapped")


def price_form(row, **changes):
    form = {name: value for name, value in row.amounts.items() if value is not None}
    start = {"valid_from_0": f"{row.valid_from:%Y-%m-%d}", "valid_from_1": f"{row.valid_from:%H:%M:%S}"}
    return {"provider_name": row.provider_name, "model": row.model, "source": row.source, **start, **form, **changes}


def test_a_changed_price_becomes_a_new_row_and_the_old_one_stays_as_it_was(admin_client):
    before = ModelPrice.objects.get(model="claude-opus-5-5")

    response = admin_client.post(page(ModelPrice, "change", before.pk), price_form(before, input_per_mtok="3"))

    old, new = ModelPrice.objects.filter(model="claude-opus-5-5").order_by("valid_from")
    assert response.status_code == 302
    assert (old.pk, old.input_per_mtok, old.valid_until) == (before.pk, before.input_per_mtok, new.valid_from)
    assert (new.input_per_mtok, new.valid_until, new.is_edited) == (3, None, True)


def test_a_price_is_edited_without_a_new_row_where_what_it_says_stays(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    admin_client.post(page(ModelPrice, "change", row.pk), price_form(row, source="the contract"))

    kept = ModelPrice.objects.get(model="claude-opus-5-5")
    assert (kept.pk, kept.source, kept.is_edited) == (row.pk, "the contract", True)


def test_a_price_added_for_a_later_day_closes_the_one_in_force_there(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    admin_client.post(page(ModelPrice, "add"), price_form(row, input_per_mtok="3", valid_from_0="2099-01-01"))

    old, new = ModelPrice.objects.filter(model="claude-opus-5-5").order_by("valid_from")
    assert (old.valid_until, new.valid_from.year) == (new.valid_from, 2099)


def test_a_price_for_a_time_that_has_one_is_refused_in_words(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    response = admin_client.post(page(ModelPrice, "add"), price_form(row, valid_from_0="2020-01-01"))

    assert "Another price of anthropic/claude-opus-5-5 holds from 2026-09-22 00:00" in text(response)


def test_a_price_that_held_is_neither_deleted_nor_rewritten(admin_client):
    row = ModelPrice.objects.get(model="claude-opus-5-5")

    assert admin_client.post(page(ModelPrice, "delete", row.pk), {"post": "yes"}).status_code == 403
    row.valid_until = timezone.now()
    row.save()
    changed = admin_client.post(page(ModelPrice, "change", row.pk), price_form(row, input_per_mtok="3"))

    assert changed.status_code == 403
