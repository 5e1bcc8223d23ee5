import pytest
from django.contrib.auth.models import User
from django.test import Client

from routing import policies, prices


@pytest.fixture
def bootstrapped(db):
    prices.load_defaults()
    policies.load_defaults()


@pytest.fixture
def bob():
    client = Client()
    client.force_login(User.objects.create_superuser("bob"))
    return client
