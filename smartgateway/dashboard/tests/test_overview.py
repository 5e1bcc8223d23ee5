import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from smartgateway.dashboard import views
from smartgateway.dashboard.tests.rows import DAY, decision, outcome, report
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db
ADDRESS = reverse("dashboard:overview")


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(views, "today", lambda: DAY)


@pytest.fixture
def team():
    return Team.objects.create(name="Payments", slug="payments")


@pytest.fixture
def signed_in(client, team):
    """Signs in a member of the team with the role."""

    def sign_in(role):
        user = User.objects.create_user("ada", password="a-long-password")
        Membership.objects.create(user=user, team=team, role=role)
        client.force_login(user)
        return client

    return sign_in


def text(response):
    return " ".join(response.content.decode().split())


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
    decision(team_id=team.pk, key_name="our laptop")
    decision(team_id=team.pk + 1, key_name="their laptop")

    page = text(signed_in("manager").get(ADDRESS))

    assert "$2.50" in page
    assert "our laptop" in page
    assert "their laptop" not in page
    assert "Payments. 23 November 2026" in page
    assert "$900" not in page


def test_an_admin_reads_every_team(signed_in, team):
    report("opus", requests=5000, cost="900", baseline="1000", team_id=team.pk + 1)

    page = text(signed_in("admin").get(ADDRESS))

    assert "<dd>$100.00</dd>" in page
    assert "10 % of the $1,000" in page
    assert "All teams." in page


def test_a_loss_is_shown_as_one(admin_client):
    report("opus", cost="9", baseline="3")

    page = text(admin_client.get(ADDRESS))

    assert "Spent more than as requested" in page
    assert '<dd class="loss">−$6.00</dd>' in page
    assert "200 % above the $3.00" in page


def test_unknown_costs_are_loud(admin_client):
    report("opus", cost="9", unknown_cost_count=3)

    assert "3 requests without a known cost" in text(admin_client.get(ADDRESS))


def test_a_day_without_a_report_says_what_to_do(admin_client):
    decision()

    page = text(admin_client.get(ADDRESS))

    assert "No report of this period has been built yet" in page
    assert "rebuild_reports --from 2026-11-23 --to 2026-11-23" in page


def test_before_the_first_request_it_says_how_to_send_one(admin_client):
    page = text(admin_client.get(ADDRESS))

    assert "No requests in this period" in page
    assert "http://testserver/v1/chat/completions" in page


@pytest.mark.parametrize(("asked", "shown"), [("week", "Last 7 days"), ("yesterday", "Yesterday"), ("never", "Today")])
def test_the_period_stands_in_the_address(admin_client, asked, shown):
    assert f"<h1>{shown}</h1>" in text(admin_client.get(ADDRESS, {"period": asked}))


def test_what_a_client_sent_is_text_and_nothing_else(admin_client):
    outcome(decision(requested_model="<script>alert(1)</script>"))

    assert "<script>alert" not in text(admin_client.get(ADDRESS))


def test_staff_reaches_the_whole_decision_and_others_are_not_sent_where_they_may_not_go(admin_client, signed_in, team):
    details = reverse("admin:audit_routingdecision_change", args=[decision(team_id=team.pk).pk])

    assert details in text(admin_client.get(ADDRESS))
    assert admin_client.get(details).status_code == 200
    assert details not in text(signed_in("manager").get(ADDRESS))


@pytest.mark.parametrize("name", ["overview", "sign_in"])
def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(client, name):
    policy = client.get(reverse(f"dashboard:{name}")).headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_number_of_queries_does_not_grow_with_the_rows(admin_client, django_assert_max_num_queries):
    for _ in range(25):
        report("local")
        outcome(decision())

    with django_assert_max_num_queries(8):
        admin_client.get(ADDRESS)
