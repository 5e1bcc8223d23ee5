"""Aliases that lead nowhere, in a circle, or are too many."""

import pytest

from routing.models import ModelAlias
from routing.tests.admin.pages import beside, page, text

pytestmark = pytest.mark.usefixtures("bootstrapped")


def test_an_alias_that_leads_nowhere_is_refused_beside_its_target(admin_client):
    answer = admin_client.post(page(ModelAlias, "add"), {"pattern": "fast", "target": "no-such-model"})

    assert "no known model" in text(answer)
    assert not ModelAlias.objects.filter(pattern="fast").exists()


def test_an_alias_that_runs_in_a_circle_is_refused_beside_its_target(admin_client):
    ModelAlias.objects.create(pattern="fast", target="quick")

    answer = admin_client.post(page(ModelAlias, "add"), {"pattern": "quick", "target": "fast"})

    assert beside(answer, "target") == ["It runs in a circle: fast → quick → fast."]
    assert not ModelAlias.objects.filter(pattern="quick").exists()


def test_an_alias_that_is_edited_into_a_circle_is_refused_beside_its_target(admin_client):
    ModelAlias.objects.create(pattern="fast", target="quick")
    row = ModelAlias.objects.create(pattern="quick", target="haiku")

    answer = admin_client.post(page(ModelAlias, "change", row.pk), {"pattern": "quick", "target": "fast"})

    assert beside(answer, "target") == ["It runs in a circle: fast → quick → fast."]
    assert ModelAlias.objects.get(pk=row.pk).target == "haiku"


def test_one_alias_too_many_is_refused_and_one_of_as_many_as_may_be_is_still_edited(admin_client):
    missing = 1_000 - ModelAlias.objects.count()
    ModelAlias.objects.bulk_create(ModelAlias(pattern=f"name-{n}", target="auto") for n in range(missing))
    row = ModelAlias.objects.get(pattern="name-0")

    added = admin_client.post(page(ModelAlias, "add"), {"pattern": "one-more", "target": "auto"})
    edited = admin_client.post(page(ModelAlias, "change", row.pk), {"pattern": "name-0", "target": "haiku"})

    assert beside(added, "target") == ["1,001 aliases: keep at most 1,000."]
    assert edited.status_code == 302
    assert ModelAlias.objects.count() == 1_000


def test_an_alias_may_lead_to_a_model_that_has_a_price(admin_client):
    admin_client.post(page(ModelAlias, "add"), {"pattern": "fast", "target": "claude-haiku-4-5"})

    assert ModelAlias.objects.get(pattern="fast").target == "claude-haiku-4-5"
