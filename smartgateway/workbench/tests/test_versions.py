import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from routing import policies, prices
from routing.models import Threshold
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db
ADDRESS = reverse("workbench:versions")


@pytest.fixture(autouse=True)
def _published():
    prices.load_defaults()
    policies.load_defaults()


@pytest.fixture
def ada():
    return User.objects.create_user("ada", password="a-long-password")


def test_the_newest_version_is_in_force(admin_client):
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.75)
    policies.publish("Fewer opus", author="ada")

    page = admin_client.get(ADDRESS).content.decode()

    assert "Fewer opus" in page
    assert page.count("in force") == 1


def test_what_waits_in_the_draft_is_said(admin_client):
    Threshold.objects.filter(name="opus_score_threshold").update(value=0.75)

    assert "0.5 → 0.75" in admin_client.get(ADDRESS).content.decode()


def test_nobody_opens_the_workbench_without_signing_in(client):
    assert client.get(ADDRESS).url == f"{reverse('dashboard:sign_in')}?next={ADDRESS}"


@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("manager", 403), ("developer", 403)])
def test_the_workbench_is_for_admins(client, ada, role, status):
    Membership.objects.create(user=ada, team=Team.objects.create(name="Payments", slug="payments"), role=role)
    client.force_login(ada)

    answer = client.get(ADDRESS)

    assert answer.status_code == status
    assert "style-src 'self'" in answer.headers["Content-Security-Policy"]
