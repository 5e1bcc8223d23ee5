import pytest
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from smartgateway.dashboard.navigation import sidebar

pytestmark = pytest.mark.django_db


def titles(groups):
    return {group["title"]: [item["title"] for item in group["items"]] for group in groups}


def test_an_admin_finds_every_model_in_its_group(rf, admin_user):
    request = rf.get("/admin/")
    request.user = admin_user

    groups = titles(sidebar(request))

    assert groups[""] == ["Dashboard", "Workbench"]
    assert groups["Policy"][:2] == ["Thresholds", "Phrase lists"]
    assert groups["Record"][0] == "Routing decisions"
    assert groups["People"] == ["Teams", "API keys", "Users", "Groups"]
    assert sum(len(items) for items in groups.values()) == len(admin.site._registry) + 2


def test_staff_finds_only_what_it_may_see(rf):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_team"))
    request = rf.get("/admin/")
    request.user = clerk

    assert titles(sidebar(request)) == {"": ["Dashboard"], "People": ["Teams"]}


def test_the_admin_opens_on_the_same_groups(admin_client):
    page = admin_client.get(reverse("admin:index")).content.decode()

    assert "Who may send requests" in page
    assert reverse("admin:keys_apikey_changelist") in page
