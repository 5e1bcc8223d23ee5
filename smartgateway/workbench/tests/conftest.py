import pytest
from django.contrib.auth.models import User
from django.test import Client

from routing import policies, prices
from routing.models import Threshold
from smartgateway.celery import app


@pytest.fixture(autouse=True)
def _worker_at_hand(monkeypatch):
    """Tasks run where they are begun, whether or not there is a queue."""
    monkeypatch.setitem(app.conf, "task_always_eager", True)


@pytest.fixture
def first(db):
    """The shipped policy is version 1."""
    prices.load_defaults()
    return policies.load_defaults()


@pytest.fixture
def change(first):
    def move(value=0.75, name="opus_score_threshold"):
        Threshold.objects.filter(name=name).update(value=value)

    return move


@pytest.fixture
def bob():
    client = Client()
    client.force_login(User.objects.create_superuser("bob"))
    return client


@pytest.fixture
def seen():
    """The draft's digest, as a page shows it."""
    return lambda: policies.digest_of(policies.draft_content())
