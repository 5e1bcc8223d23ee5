import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from audit.models import PromptText
from smartgateway.dashboard.tests.rows import NOW, decision
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db
LIST = reverse("admin:audit_prompttext_changelist")
OVERVIEW, CONNECT = reverse("dashboard:overview"), reverse("connect")


def asked(team_id, head, **changes):
    made = decision(team_id=team_id)
    values = {"recorded_at": NOW, "chars": len(head), "is_newest": True, "head": head} | changes
    return PromptText.objects.create(decision_id=made.pk, team_id=team_id, **values)


@pytest.fixture
def team():
    return Team.objects.create(name="Payments", slug="payments", is_text_recorded=True, text_kept_days=14)


@pytest.fixture
def staff(client, team):
    """Signs in who has a role in the team and may open the admin."""

    def sign_in(role):
        user = User.objects.create_user("ada", is_staff=True)
        Membership.objects.create(user=user, team=team, role=role)
        client.force_login(user)
        return client

    return sign_in


def change(text):
    return reverse("admin:audit_prompttext_change", args=[text.pk])


def test_a_manager_reads_the_text_of_the_own_team_alone(staff, team):
    own, foreign = asked(team.pk, "Ours to read"), asked(team.pk + 1, "Theirs to read")
    client = staff("manager")

    listed = client.get(LIST).content.decode()

    assert "Ours to read" in listed
    assert "Theirs to read" not in listed
    assert "Ours to read" in client.get(change(own)).content.decode()
    assert "Theirs to read" not in client.get(change(foreign), follow=True).content.decode()


def test_an_admin_reads_the_text_of_every_team(staff, team):
    asked(team.pk + 1, "Theirs to read")

    assert "Theirs to read" in staff("admin").get(LIST).content.decode()


def test_a_developer_reads_none(staff, team):
    text = asked(team.pk, "Ours to read")
    client = staff("developer")

    assert client.get(LIST).status_code == 403
    assert client.get(change(text)).status_code == 403


def test_text_is_found_by_the_id_of_its_decision(admin_client, team):
    wanted, _ = asked(team.pk, "This one"), asked(team.pk, "That one")

    page = admin_client.get(LIST, {"q": str(wanted.pk)}).content.decode()

    assert "This one" in page
    assert "That one" not in page
    assert "This one" not in admin_client.get(LIST, {"q": "no id"}).content.decode()


def test_text_can_neither_be_changed_nor_deleted(admin_client, team):
    text = asked(team.pk, "As it was")

    admin_client.post(change(text), {"head": "As it was not"})
    admin_client.post(reverse("admin:audit_prompttext_delete", args=[text.pk]), {"post": "yes"})

    assert PromptText.objects.get().head == "As it was"


def test_a_decisions_page_shows_what_was_asked_and_what_of_it_is_not_kept(admin_client, team):
    text = asked(team.pk, "The <b>start</b>", tail="the end", chars=40_023, is_newest=False)

    page = admin_client.get(reverse("dashboard:decision", args=[text.pk])).content.decode()

    assert "The &lt;b&gt;start&lt;/b&gt;" in page
    assert "40,000 characters are not kept" in page
    assert "tools have answered since" in page


def test_a_decision_without_text_shows_none(admin_client):
    assert (
        "What was asked" not in admin_client.get(reverse("dashboard:decision", args=[decision().pk])).content.decode()
    )


@pytest.mark.parametrize("role", ["developer", "manager"])
def test_everyone_of_a_team_is_told_that_its_prompt_text_is_recorded(staff, role):
    assert "Payments (for 14 days)" in staff(role).get(CONNECT).content.decode()


def test_managers_are_told_on_their_dashboard(staff):
    assert "Payments (for 14 days)" in staff("manager").get(OVERVIEW).content.decode()


def test_while_it_is_off_nobody_is_told_anything(staff, team):
    Team.objects.update(is_text_recorded=False)
    client = staff("manager")

    assert "Prompt text is recorded" not in client.get(CONNECT).content.decode()
    assert "Prompt text is recorded" not in client.get(OVERVIEW).content.decode()
