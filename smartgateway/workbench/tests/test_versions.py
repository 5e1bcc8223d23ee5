from datetime import UTC, datetime

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from audit.reports import today
from routing import policies
from routing.models import PolicyVersion
from smartgateway.dashboard.periods import LONGEST
from smartgateway.keys.models import Membership, Team
from smartgateway.workbench.evidence.places import RULE_OF
from smartgateway.workbench.versions import days_of

pytestmark = pytest.mark.usefixtures("first")
ADDRESS = reverse("workbench:versions")
COMPARE = reverse("workbench:compare")


def text(response):
    return response.content.decode()


def test_the_newest_version_is_in_force(admin_client, change):
    change()
    policies.publish("Fewer opus", author="ada")

    page = text(admin_client.get(ADDRESS))

    assert "Fewer opus" in page
    assert page.count("in force") == 1
    assert reverse("workbench:roll_back", args=[1]) in page
    assert reverse("workbench:roll_back", args=[2]) not in page


def test_what_waits_in_the_draft_is_said(admin_client, change):
    change()

    assert "0.5 → 0.75" in text(admin_client.get(ADDRESS))


def test_a_version_tells_what_it_changed_and_what_it_says(admin_client, change):
    change()
    policies.publish("Fewer opus")

    page = text(admin_client.get(reverse("workbench:version", args=[2])))

    assert "Threshold opus_score_threshold: 0.5 → 0.75." in page
    assert "threat model*" in page
    assert f"{reverse('dashboard:decisions')}?version=2" in page
    assert f"{reverse('dashboard:overview')}?from={today()}&amp;to={today()}" in page
    assert f'<a href="{reverse("workbench:rule", args=["multi_file"])}"' in page


@pytest.fixture
def published_at(change, monkeypatch):
    """The next version, published at that moment."""

    def publish(moment):
        change(0.5 + PolicyVersion.objects.count() / 100)
        with monkeypatch.context() as patched:
            patched.setattr(timezone, "now", lambda: moment)
            return policies.publish("Fewer opus")

    return publish


def test_a_version_leads_to_the_dashboard_of_the_days_in_which_it_was_in_force(admin_client, published_at):
    published_at(datetime(2026, 1, 30, 12, tzinfo=UTC))
    published_at(datetime(2026, 2, 3, 12, tzinfo=UTC))

    page = text(admin_client.get(reverse("workbench:version", args=[2])))

    assert f"{reverse('dashboard:overview')}?from=2026-01-30&amp;to=2026-02-03" in page


def test_of_a_version_that_was_in_force_for_years_the_last_days_are_shown(published_at):
    days = days_of(published_at(datetime(2020, 1, 1, tzinfo=UTC)))

    assert (days.last, days.last - days.first) == (today(), LONGEST)


@pytest.mark.parametrize("name", sorted(set(RULE_OF.values())))
def test_each_rule_that_a_version_leads_to_has_its_page(admin_client, name):
    assert admin_client.get(reverse("workbench:rule", args=[name])).status_code == 200


def test_who_only_publishes_is_led_to_no_page_that_does_not_open(client, first):
    ada = User.objects.create_user("ada")
    ada.user_permissions.add(Permission.objects.get(codename="add_policyversion"))
    client.force_login(ada)

    page = text(client.get(reverse("workbench:version", args=[1])))

    assert reverse("workbench:rule", args=["multi_file"]) not in page


@pytest.mark.parametrize("name", ["version", "version_file"])
def test_a_version_that_is_not_there_is_not_found(admin_client, name):
    for number in (9, 2**40):
        assert admin_client.get(reverse(f"workbench:{name}", args=[number])).status_code == 404


def test_any_two_versions_are_compared_in_both_directions(admin_client, change):
    change(0.75)
    policies.publish("Fewer opus")
    change(0.9)
    policies.publish("Even fewer")

    assert "0.5 → 0.9" in text(admin_client.get(COMPARE, {"from": "1", "to": "3"}))
    assert "0.9 → 0.5" in text(admin_client.get(COMPARE, {"from": "3", "to": "1"}))
    assert "They say the same." in text(admin_client.get(COMPARE, {"from": "2", "to": "2"}))


def test_the_draft_is_compared_with_what_is_in_force_unless_asked_otherwise(admin_client, change):
    change()

    assert "0.5 → 0.75" in text(admin_client.get(COMPARE))


@pytest.mark.parametrize("asked", ["9", "-1", "x", "", "²", "9" * 30])
def test_what_cannot_be_compared_is_not_found(admin_client, asked):
    assert admin_client.get(COMPARE, {"from": asked}).status_code == 404


def test_a_version_is_exported_as_a_file(admin_client, first):
    answer = admin_client.get(reverse("workbench:version_file", args=[1]))

    assert answer.headers["Content-Disposition"] == 'attachment; filename="policy-1.yaml"'
    assert policies.imported(text(answer), policies.draft_content()) == first.content


def test_nobody_opens_the_workbench_without_signing_in(client):
    assert client.get(ADDRESS).url == f"{reverse('dashboard:sign_in')}?next={ADDRESS}"


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("manager", 403), ("developer", 403)])
def test_the_workbench_is_for_admins(client, role, status):
    ada = User.objects.create_user("ada", password="a-long-password")
    Membership.objects.create(user=ada, team=Team.objects.create(name="Payments", slug="payments"), role=role)
    client.force_login(ada)

    answer = client.get(ADDRESS)

    assert answer.status_code == status
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
