import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from routing.models import AdminChange
from smartgateway.keys.issuing import issue
from smartgateway.keys.models import ApiKey, Membership, Team

pytestmark = pytest.mark.django_db


@pytest.fixture
def team():
    return Team.objects.create(name="Payments", slug="payments")


def address(app, model, name, *args):
    return reverse(f"admin:{app}_{model}_{name}", args=args)


def membership_form(*rows, initial=0):
    form = {"memberships-TOTAL_FORMS": len(rows), "memberships-INITIAL_FORMS": initial}
    for number, row in enumerate(rows):
        form |= {f"memberships-{number}-{name}": value for name, value in row.items()}
    return form


def test_a_teams_new_member_stays_on_record_with_the_role(admin_client, team):
    ada = User.objects.create_user("ada")
    form = {"name": "Payments", "slug": "payments", "allows_local": "on", "allows_sonnet": "on", "text_kept_days": 30}
    form |= membership_form({"team": team.pk, "user": ada.pk, "role": "admin"})

    admin_client.post(address("keys", "team", "change", team.pk), form)

    entry = AdminChange.objects.get(subject="team")
    assert (entry.before, entry.after) == ({"allows_opus": True}, {"allows_opus": False, "member ada": "admin"})


def test_a_new_key_and_a_revoked_one_stay_on_record_without_their_secrets(admin_client, admin_user, team):
    form = {"name": "CI", "team": team.pk, "allows_local": "on", "requests_per_minute": "60"}
    admin_client.post(address("keys", "apikey", "add"), form)
    key = ApiKey.objects.get(name="CI")
    action = {"action": "revoke_selected", "_selected_action": [key.pk]}
    admin_client.post(address("keys", "apikey", "changelist"), action)

    revoked, added = AdminChange.objects.filter(subject="API key")
    assert (added.action, added.author, added.after["team"]) == ("added", admin_user.username, "Payments")
    assert "digest" not in added.after
    assert (revoked.before, revoked.after, revoked.note) == ({"is_active": True}, {"is_active": False}, "Revoked.")


def test_who_becomes_an_admin_stays_on_record(admin_client):
    ada = User.objects.create_user("ada")
    form = {"username": "ada", "is_active": "on", "is_superuser": "on", "date_joined_0": "2026-01-01"}
    form |= {"date_joined_1": "00:00:00", "email": "", **membership_form()}

    admin_client.post(address("auth", "user", "change", ada.pk), form)

    assert AdminChange.objects.get(subject="user").after["is_superuser"] is True


def test_a_changed_password_stays_on_record_without_it(admin_client):
    ada = User.objects.create_user("ada", password="old-long-password")
    form = {"password1": "a-new-long-password", "password2": "a-new-long-password", "usable_password": "true"}

    admin_client.post(reverse("admin:auth_user_password_change", args=[ada.pk]), form)

    entry = AdminChange.objects.get(subject="user")
    assert (entry.note, entry.before, entry.after) == ("Changed password.", {}, {})


def test_a_deleted_team_stays_on_record_with_its_members(admin_client, team):
    Membership.objects.create(team=team, user=User.objects.create_user("ada"), role="manager")

    admin_client.post(address("keys", "team", "delete", team.pk), {"post": "yes"})

    assert AdminChange.objects.get(action="deleted").before["member ada"] == "manager"


def test_two_who_edit_a_key_at_once_are_warned(admin_client, team):
    key, _ = issue("CI", team.name)
    page = address("keys", "apikey", "change", key.pk)
    seen = admin_client.get(page).context["seen_digest"]
    key.revoke()
    form = {"name": "CI", "team": team.pk, "is_active": "on", "allows_local": "on", "requests_per_minute": "60"}

    refused = admin_client.post(page, form | {"seen_digest": seen})

    assert "Another admin changed this meanwhile." in refused.content.decode()
    assert not ApiKey.objects.get(pk=key.pk).is_active


def test_a_key_that_its_owner_made_stays_on_record_and_one_of_the_command_line_too(team):
    ada = User.objects.create_user("ada")

    issue("laptop", team.name, owner=ada)
    issue("CI", team.name)

    by_command, by_ada = AdminChange.objects.filter(subject="API key")
    assert (by_ada.author, by_ada.after) == ("ada", {"name": "laptop", "team": "Payments", "owner": "ada"})
    assert (by_command.author, by_command.after["owner"]) == ("command line", None)
