import pytest
from django.contrib.auth.models import User

from smartgateway.keys.models import Membership, Team


@pytest.fixture
def manager(client):
    user = User.objects.create_user("ada")
    team = Team.objects.create(name="Payments", slug="payments")
    Membership.objects.create(user=user, team=team, role="manager")
    client.force_login(user)
    client.team = team
    return client
