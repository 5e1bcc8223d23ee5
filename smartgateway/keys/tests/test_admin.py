import hashlib
import re

import pytest
from django.urls import reverse

from smartgateway.keys.issuing import issue
from smartgateway.keys.models import ApiKey, Team

pytestmark = pytest.mark.django_db
LIST = reverse("admin:keys_apikey_changelist")


def add_key(admin_client, **fields):
    form = {"name": "laptop", "allows_local": "on", "allows_sonnet": "on", "requests_per_minute": "600", **fields}
    return admin_client.post(reverse("admin:keys_apikey_add"), form, follow=True)


def test_a_new_key_is_shown_once_and_never_again(admin_client):
    team = Team.objects.create(name="Payments", slug="payments")

    page = add_key(admin_client, team=team.pk).content.decode()
    again = admin_client.get(LIST).content.decode()
    opened = admin_client.get(reverse("admin:keys_apikey_change", args=[ApiKey.objects.get().pk])).content.decode()

    (secret,) = re.findall(r"sk-sg-[\w-]{43}", page)
    assert bytes(ApiKey.objects.get().digest) == hashlib.sha256(secret.encode()).digest()
    assert secret not in again
    assert secret not in opened
    assert not ApiKey.objects.get().allows_opus


def test_saving_a_key_again_neither_changes_nor_shows_it(admin_client):
    key, secret = issue("laptop", "Payments")
    form = {"name": "desktop", "team": key.team_id, "is_active": "on", "allows_local": "on", "requests_per_minute": "5"}

    page = admin_client.post(reverse("admin:keys_apikey_change", args=[key.pk]), form, follow=True)

    saved = ApiKey.objects.get()
    assert (saved.name, saved.requests_per_minute) == ("desktop", 5)
    assert bytes(saved.digest) == hashlib.sha256(secret.encode()).digest()
    assert "not shown again" not in page.content.decode()


def test_a_key_that_nothing_could_serve_is_refused_in_words(admin_client):
    team = Team.objects.create(name="Payments", slug="payments")

    page = add_key(admin_client, team=team.pk, allows_local="", allows_sonnet="")

    assert "Nothing could answer" in page.content.decode()
    assert not ApiKey.objects.exists()


def test_selected_keys_are_revoked(admin_client):
    key, _ = issue("laptop")
    kept, _ = issue("ci")

    page = admin_client.post(LIST, {"action": "revoke_selected", "_selected_action": [key.pk]}, follow=True)

    assert "Revoked: 1" in page.content.decode()
    assert list(ApiKey.objects.usable()) == [kept]


def test_the_lists_name_states_and_counts(admin_client):
    issue("laptop", "Payments")[0].revoke()
    issue("ci", "Payments")

    keys = admin_client.get(LIST).content.decode()
    teams = admin_client.get(reverse("admin:keys_team_changelist")).content.decode()

    assert "revoked" in keys
    assert "active" in keys
    assert re.search(r"field-keys_count[^>]*>\s*1\s*<", teams)


@pytest.mark.parametrize("page", ["keys_team_add", "keys_apikey_add", "auth_user_add", "auth_group_add"])
def test_every_form_of_people_opens(admin_client, page):
    assert admin_client.get(reverse(f"admin:{page}")).status_code == 200
