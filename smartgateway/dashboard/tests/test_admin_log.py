import re

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from routing.models import AdminChange
from smartgateway.dashboard.models import ExpectedShare

pytestmark = pytest.mark.django_db
FORM = {"tier": "opus", "measure": "requests", "team": "", "lowest": "0", "highest": "10"}


@pytest.fixture
def expected():
    return ExpectedShare.objects.create(tier="opus", highest=10)


def address(name, *args):
    return reverse(f"admin:dashboard_expectedshare_{name}", args=args)


def seen(client, page):
    return re.search(r'name="seen_digest" value="(\w+)"', client.get(page).content.decode())[1]


def test_a_band_that_is_moved_stays_on_record_with_before_and_after(admin_client, admin_user, expected):
    admin_client.post(address("change", expected.pk), FORM | {"highest": "20"})

    entry = AdminChange.objects.get()
    assert (entry.author, entry.action, entry.subject) == (admin_user.username, "changed", "expected share")
    assert (entry.before, entry.after) == ({"highest": 10}, {"highest": 20})


def test_a_band_that_is_added_and_one_that_is_deleted_stay_on_record(admin_client):
    admin_client.post(address("add"), FORM)
    admin_client.post(address("delete", ExpectedShare.objects.get().pk), {"post": "yes"})

    deleted, added = AdminChange.objects.all()
    assert (added.action, added.after["highest"]) == ("added", 10)
    assert (deleted.action, deleted.before["highest"]) == ("deleted", 10)


def test_who_edits_what_another_moved_meanwhile_is_warned(admin_client, expected):
    bob = Client()
    bob.force_login(User.objects.create_superuser("bob"))
    page = address("change", expected.pk)
    opened = seen(admin_client, page)
    bob.post(page, FORM | {"highest": "20"})

    answer = admin_client.post(page, FORM | {"highest": "30", "seen_digest": opened})

    expected.refresh_from_db()
    assert "bob changed this at" in answer.content.decode()
    assert expected.highest == 20
