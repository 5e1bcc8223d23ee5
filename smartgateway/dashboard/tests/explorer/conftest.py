import pytest

from routing import policies
from routing.tests.engine.given import shipped


@pytest.fixture
def published(monkeypatch):
    monkeypatch.setattr(policies, "published", {1: shipped()}.get)
