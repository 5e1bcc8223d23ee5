import pytest
from django.contrib.auth.models import User

from smartgateway.dashboard import views
from smartgateway.dashboard.tests.rows import DAY
from smartgateway.keys.models import Membership, Team


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
