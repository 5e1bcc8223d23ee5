from decimal import Decimal

import pytest
from django.urls import reverse

from audit.models import PromptText
from audit.reports import today
from routing.policies import load_defaults
from smartgateway.keys.models import Team
from smartgateway.workbench.evidence import dearest
from smartgateway.workbench.evidence.dearest import dearest_in
from smartgateway.workbench.evidence.summing import KEPT_DAYS, summarise, summarise_missing

pytestmark = pytest.mark.django_db
DOUBTFUL = "our importer is slow"
EVIDENCE, DOUBT = reverse("workbench:evidence"), reverse("workbench:doubt")


def kept(decision, head="look at <it>"):
    PromptText.objects.create(
        decision_id=decision.pk, recorded_at=decision.created_at, team_id=1, chars=9, is_newest=True, head=head
    )
    return decision


def found(team_id=0, *, is_kept=False):
    return dearest_in(today().replace(year=2000), today(), team_id, is_kept=is_kept)


@pytest.fixture
def operated(admin_client):
    load_defaults()
    return admin_client


def text(response):
    return " ".join(response.content.decode().split())


def address(decision):
    return reverse("dashboard:decision", args=[decision.pk])


def test_the_dearest_of_all_days_come_first(asked):
    cheap, dear = asked(DOUBTFUL, ended={"cost": 1}), asked(DOUBTFUL, days_ago=2, ended={"cost": 2})
    asked(DOUBTFUL, days_ago=KEPT_DAYS + 1, ended={"cost": 3})
    asked(DOUBTFUL, ended={"cost": None})
    summarise_missing()

    assert found() == [dear.pk, cheap.pk]


def test_each_team_has_its_own_and_those_whose_text_is_kept_beside_them(asked, monkeypatch):
    monkeypatch.setattr(dearest, "DEAREST", 1)
    dear = asked(DOUBTFUL, team_id=1, ended={"cost": 3})
    told = kept(asked(DOUBTFUL, team_id=1, ended={"cost": 1}))
    other = asked(DOUBTFUL, team_id=2, ended={"cost": 2})
    summarise(today())

    assert (found(), found(1), found(2)) == ([dear.pk], [dear.pk], [other.pk])
    assert (found(is_kept=True), found(1, is_kept=True), found(2, is_kept=True)) == ([told.pk], [told.pk], [])


def test_the_page_shows_what_was_asked_where_that_is_kept(operated, asked):
    kept(asked(DOUBTFUL, ended={"cost": 2}))
    asked(DOUBTFUL, ended={"cost": 1})
    summarise(today())

    page = text(operated.get(EVIDENCE))

    assert "look at &lt;it&gt;" in page
    assert page.count("not kept: its team had not switched it on") == 1


def test_an_admin_finds_the_dearest_of_one_team_and_those_whose_text_is_kept(operated, asked):
    team = Team.objects.create(name="Payments", slug="payments", is_text_recorded=True)
    told = kept(asked(DOUBTFUL, team_id=team.pk, ended={"cost": 1}))
    untold = asked(DOUBTFUL, team_id=team.pk, ended={"cost": 2})
    elsewhere = asked(DOUBTFUL, team_id=team.pk + 1, ended={"cost": 3})
    summarise(today())

    whole, theirs = (text(operated.get(EVIDENCE, query)) for query in ({}, {"team": team.pk}))
    read = text(operated.get(EVIDENCE, {"team": team.pk, "text": "kept"}))

    assert f'<option value="{team.pk}">Payments, text is kept</option>' in whole
    assert f'<option value="{team.pk}" selected>Payments' in theirs
    shown = [[address(each) in page for each in (told, untold, elsewhere)] for page in (whole, theirs, read)]
    assert shown == [[True, True, True], [True, True, False], [True, False, False]]


@pytest.mark.parametrize("team", ["x", "99", "-1", "1' or 1"])
def test_a_team_that_is_not_there_stands_for_all(operated, asked, team):
    made = asked(DOUBTFUL, ended={"cost": 1})
    summarise(today())

    assert address(made) in text(operated.get(EVIDENCE, {"team": team}))


def test_a_group_shows_its_dearest_first_and_at_last_those_of_unknown_cost(operated, asked):
    costs = (Decimal("0.5"), None, Decimal("0.75"))
    middle, unknown, dear = (asked(DOUBTFUL, ended={"cost": cost}) for cost in costs)
    summarise(today())

    page = text(operated.get(DOUBT, {"group": "no rule spoke"}))

    places = [page.index(address(each)) for each in (dear, middle, unknown)]
    assert places == sorted(places)
    assert "whose text is kept" not in page
    assert operated.get(DOUBT, {"group": "nothing"}).status_code == 404


def test_a_group_shows_those_whose_text_is_kept_where_dearer_ones_hide_them(operated, asked, monkeypatch):
    monkeypatch.setattr(dearest, "DEAREST", 1)
    kept(asked(DOUBTFUL, ended={"cost": 1}), "look at this")
    asked(DOUBTFUL, ended={"cost": 2})
    summarise(today())

    page = text(operated.get(DOUBT, {"group": "no rule spoke"}))

    assert "The most expensive of those whose text is kept" in page
    assert "look at this" in page
