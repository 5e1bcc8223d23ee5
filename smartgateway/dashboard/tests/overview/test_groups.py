"""Groups of requests and the pages that they lead to."""

import re

import pytest
from django.urls import reverse

from smartgateway.dashboard.tests.overview.pages import ADDRESS, text
from smartgateway.dashboard.tests.rows import report

pytestmark = pytest.mark.django_db


def test_agents_are_shown_apart_and_are_one_click_away(admin_client):
    report("opus", requests=4, is_agentic=True)
    report("local", requests=9)

    whole = text(admin_client.get(ADDRESS, {"period": "today"}))
    page = admin_client.get(ADDRESS, {"period": "today", "kind": "agents"})

    assert "?period=today&amp;kind=agents" in whole
    assert "only asked by Agents." in text(page)
    assert page.context["figures"].total["request_count"] == 4
    assert admin_client.get(ADDRESS, {"kind": "chats"}).context["figures"].total["request_count"] == 9


def test_figures_are_told_apart_by_policy_version_and_lead_to_its_decisions(admin_client):
    report("local", requests=30, policy_version=9)
    report("local", requests=10, policy_version=10)

    page = text(admin_client.get(ADDRESS, {"tier": "local"}))

    newest, older = (
        page.index(f"?version={number}&amp;from=2026-11-23&amp;to=2026-11-23&amp;tier=local") for number in (10, 9)
    )
    assert newest < older
    assert '30 <span class="quiet wide">75 %</span>' in page


def test_each_policy_version_shows_its_distribution_and_leads_an_admin_to_what_it_says(admin_client):
    report("local", requests=12, policy_version=2)
    report("", requests=1, policy_version=2)
    report("sonnet", requests=12, policy_version=1)

    page = text(admin_client.get(ADDRESS))

    newest, older = page[page.index("version 2<") :].split("version 1<", 1)
    assert re.findall(r"tag tier-\w+", newest) == ["tag tier-local", "tag tier-other"]
    assert "local 12" in newest
    assert "sonnet 12" in older
    assert reverse("workbench:version", args=[2]) in newest
    assert reverse("workbench:evidence") in page


def test_who_is_no_admin_is_not_led_to_the_workbench(signed_in, team):
    report("local", policy_version=2, team_id=team.pk)

    page = text(signed_in("manager").get(ADDRESS))

    assert "version 2" in page
    assert reverse("workbench:version", args=[2]) not in page
    assert reverse("workbench:evidence") not in page
