"""Who reads which figures, and how they get in."""

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from smartgateway.dashboard.tests.overview.pages import ADDRESS, PAGES, text
from smartgateway.dashboard.tests.rows import report
from smartgateway.keys.models import Membership

pytestmark = pytest.mark.django_db


def test_nobody_reads_figures_without_signing_in(client):
    response = client.get(ADDRESS)

    assert response.status_code == 302
    assert response.url == f"{reverse('dashboard:sign_in')}?next={ADDRESS}"


def test_a_manager_who_is_no_staff_can_sign_in_and_lands_on_the_figures(client, team):
    user = User.objects.create_user("ada", password="a-long-password")
    Membership.objects.create(user=user, team=team, role="manager")

    response = client.post(
        reverse("dashboard:sign_in"), {"username": "ada", "password": "a-long-password"}, follow=True
    )

    assert response.redirect_chain[-1][0] == ADDRESS
    assert response.status_code == 200


def test_a_wrong_password_is_said_without_saying_which_part(client):
    response = client.post(reverse("dashboard:sign_in"), {"username": "ada", "password": "wrong"})

    assert "do not fit together" in text(response)


def test_a_developer_is_told_why_there_is_nothing_to_see(signed_in):
    response = signed_in("developer").get(ADDRESS)

    assert response.status_code == 403
    assert "for managers and admins" in text(response)


def test_a_manager_reads_the_own_team_alone(signed_in, team):
    report("sonnet", requests=7, cost="1.50", baseline="4", team_id=team.pk)
    report("opus", requests=5000, cost="900", baseline="1000", team_id=team.pk + 1)

    page = text(signed_in("manager").get(ADDRESS))

    assert "$2.50" in page
    assert "Payments. 23 November 2026" in page
    assert "$900" not in page


def test_an_admin_reads_every_team(signed_in, team):
    report("opus", requests=5000, cost="900", baseline="1000", team_id=team.pk + 1)

    page = text(signed_in("admin").get(ADDRESS))

    assert "<dd>$100.00</dd>" in page
    assert "10 % of the $1,000" in page
    assert "All teams." in page


@pytest.mark.parametrize("name", ["overview", "sign_in"])
def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(client, name):
    policy = client.get(reverse(f"dashboard:{name}")).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize("name", PAGES)
def test_a_manager_of_one_team_gets_nothing_of_another_by_asking_for_it(signed_in, team, name):
    report("opus", cost="900", team_id=team.pk + 1, team_name="Search", key_name="theirs")

    page = text(signed_in("manager").get(reverse(f"dashboard:{name}"), {"team": team.pk + 1, "period": "today"}))

    assert "900" not in page
    assert "theirs" not in page


@pytest.mark.parametrize("name", PAGES)
def test_a_developer_reads_no_figures_by_any_door(signed_in, name):
    assert signed_in("developer").get(reverse(f"dashboard:{name}")).status_code == 403
