import pytest

from routing import policies, prices


@pytest.fixture
def bootstrapped(db):
    prices.load_defaults()
    policies.load_defaults()
