"""The list of decisions: filters, pages, and who sees which."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from audit.ids import id_at
from routing.models import PolicyVersion
from smartgateway.dashboard import explorer
from smartgateway.dashboard.tests.explorer.pages import text
from smartgateway.dashboard.tests.rows import NOW, decision, outcome
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db

ADDRESS = reverse("dashboard:decisions")


@pytest.mark.parametrize(
    "asked",
    [
        *({"team": 7}, {"key": 70}, {"phase": "explicit"}, {"status": "aborted"}),
        *({"tier": tier} for tier in ("opus", "haiku", "other")),
        *({"sign": sign} for sign in ("again", "raised", "circles", "given_up")),
        {"from": "2026-11-24"},
    ],
    ids=lambda asked: "-".join(map(str, next(iter(asked.items())))),
)
def test_decisions_are_found_by_each_filter(admin_client, asked):
    later = id_at(NOW + timedelta(days=1))
    tier = asked.get("tier", "opus").replace("other", "")
    of_all = {"is_repeated_ask": True, "is_raised": True, "repeated_tool_calls": 3, "is_stream": True}
    found = decision(id=later, key_name="wanted", team_id=7, key_id=70, tier=tier, phase="explicit", **of_all)
    outcome(found, status="aborted", error_type="client_gone")
    outcome(decision(id=id_at(NOW), key_name="unwanted"))

    page = text(admin_client.get(ADDRESS, asked))

    assert "wanted</a>" in page
    assert "unwanted" not in page


def test_pages_follow_each_other_without_a_gap_whatever_comes_meanwhile(admin_client, monkeypatch):
    monkeypatch.setattr(explorer, "PAGE", 2)
    rows = [decision(id=id_at(NOW + timedelta(seconds=number)), key_name=f"key {number}") for number in range(4)]
    first = admin_client.get(ADDRESS)
    decision(id=id_at(NOW + timedelta(minutes=1)))

    second = admin_client.get(ADDRESS, {"before": first.context["older"]})

    assert [row.id for row in first.context["rows"]] == [rows[3].pk, rows[2].pk]
    assert [row.id for row in second.context["rows"]] == [rows[1].pk, rows[0].pk]


def test_an_id_leads_to_its_decision_and_what_is_none_is_said(admin_client):
    wanted = decision()

    assert admin_client.get(ADDRESS, {"id": str(wanted.pk)}).url == reverse("dashboard:decision", args=[wanted.pk])
    assert "That is not an id" in text(admin_client.get(ADDRESS, {"id": "chatcmpl-1"}))


def test_a_manager_sees_neither_list_nor_page_of_another_team(manager):
    theirs = decision(team_id=manager.team.pk + 1, key_name="their laptop")

    assert "their laptop" not in text(manager.get(ADDRESS, {"team": theirs.team_id}))
    assert manager.get(reverse("dashboard:decision", args=[theirs.pk])).status_code == 404


@pytest.mark.parametrize("asked", [{}, {"from": "2026-11-23"}, {"to": "2026-11-23"}], ids=["all", "from", "to"])
def test_a_manager_of_several_teams_sees_the_newest_of_each(manager, asked):
    other = Team.objects.create(name="Search", slug="search")
    Membership.objects.create(user=User.objects.get(username="ada"), team=other, role="manager")
    for number, team in enumerate((manager.team.pk, other.pk, 99)):
        decision(id=id_at(NOW + timedelta(seconds=number)), team_id=team, key_name=f"key {number}")

    page = text(manager.get(ADDRESS, asked))

    assert page.index("key 1") < page.index("key 0")
    assert "key 2" not in page


def test_decisions_are_narrowed_to_those_of_one_version(admin_client):
    PolicyVersion.objects.create(number=1, content={}, digest="d", note="first")
    decision(policy_version=1, key_name="by the first", id=id_at(timezone.now()))
    decision(policy_version=2, key_name="by the second", id=id_at(timezone.now() + timedelta(seconds=1)))

    page = text(admin_client.get(ADDRESS, {"version": "1"}))

    assert "by the first" in page
    assert "by the second" not in page
    assert "None that fit." in text(admin_client.get(ADDRESS, {"version": "9"}))
