import pytest

from routing import policies, prices
from routing.models import Threshold


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
def seen():
    """The draft's digest, as a page shows it."""
    return lambda: policies.digest_of(policies.draft_content())
