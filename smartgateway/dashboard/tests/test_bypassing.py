from decimal import Decimal

import pytest
from django.urls import reverse

from audit.models import BypassReport
from routing.models import ModelAlias
from smartgateway.dashboard.bypassing import BESIDE, bypassed
from smartgateway.dashboard.filters import Filters
from smartgateway.dashboard.periods import periods
from smartgateway.dashboard.tests.rows import DAY

pytestmark = pytest.mark.django_db
TODAY, *_ = periods(DAY).values()


def past(name, saving="2", **fields):
    values = {"team_id": 1, "tier": "opus", "auto_tier": "local", "request_count": 3} | fields
    BypassReport.objects.create(day=DAY, requested_model=name, saving=Decimal(saving), **values)


def listed(teams=None, **narrowing):
    return {each.asked: each for each in bypassed(Filters(TODAY, **narrowing), teams)}


def test_only_what_auto_would_have_saved_is_listed_and_the_most_first():
    past("gpt-4o", "2")
    past("gpt-4.1", "5")
    past("haiku", "-1")

    assert list(listed()) == ["gpt-4.1", "gpt-4o"]


def test_teams_and_tiers_narrow_the_list():
    past("gpt-4o", team_id=1, tier="opus")
    past("other-model", team_id=2, tier="")

    assert set(listed(frozenset({2}))) == {"other-model"}
    assert set(listed(team="1")) == {"gpt-4o"}
    assert set(listed(tier="other")) == {"other-model"}


def test_a_names_alias_is_one_click_away(admin_client):
    past("gpt-4o mini/x&y")

    form = admin_client.get(listed()["gpt-4o mini/x&y"].alias).content.decode()

    assert 'value="gpt-4o mini/x&amp;y"' in form
    assert 'value="auto"' in form


def test_a_name_that_has_an_alias_leads_to_it():
    alias = ModelAlias.objects.create(pattern="gpt-4o", target="opus")
    past("gpt-4o")

    assert listed()["gpt-4o"].alias == reverse("admin:routing_modelalias_change", args=[alias.pk])


@pytest.mark.parametrize(("name", "shown"), [("opus", "opus"), ("auto", BESIDE), ("", BESIDE)])
def test_a_name_with_a_meaning_of_its_own_can_have_no_alias(name, shown):
    past(name)

    assert listed()[shown].alias == ""
