import pytest

from smartgateway.api import base
from smartgateway.keys.errors import KeyRefusedError


@pytest.fixture(autouse=True)
def known_key(monkeypatch):
    async def authenticate(request):
        if "x-api-key" not in request.headers:
            raise KeyRefusedError("No API key.")
        return object()

    monkeypatch.setattr(base, "authenticate", authenticate)
