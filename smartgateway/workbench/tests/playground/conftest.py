import pytest

from routing import policies
from smartgateway.completions.tests.conftest import default_policy, default_prices, world

__all__ = ["default_policy", "default_prices", "operated", "world"]


@pytest.fixture
def operated(world, admin_client):
    """A site with the shipped policy, as rows and in memory, between upstreams under the test's hand."""
    policies.load_defaults()
    return admin_client
