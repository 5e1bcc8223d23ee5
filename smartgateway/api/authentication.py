"""The key of a request, from either of the two headers that clients use."""

from django.http import HttpRequest

from smartgateway.keys import snapshots
from smartgateway.keys.errors import KeyRefusedError
from smartgateway.keys.snapshots import KeySnapshot

HINT = "Send a SmartGateway key (sk-sg-...) as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."


async def authenticate(request: HttpRequest) -> KeySnapshot:
    """Raises `KeyRefusedError` or, when an unknown key cannot be looked up, `KeysUnavailableError`."""
    scheme, _, bearer = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    secret = bearer.strip() if scheme.lower() == "bearer" else ""
    secret = secret or request.META.get("HTTP_X_API_KEY", "").strip()
    if not secret:
        raise KeyRefusedError(f"No API key. {HINT}")
    return await snapshots.authenticate(secret)
