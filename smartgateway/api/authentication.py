"""The key of a request, from either of the two headers that clients use."""

from django.http import HttpRequest

from smartgateway.keys import snapshots
from smartgateway.keys.errors import KeyRefusedError
from smartgateway.keys.snapshots import KeySnapshot

HINT = "Send a SmartGateway key (sk-sg-...) as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."


async def authenticate(request: HttpRequest) -> KeySnapshot:
    """Raises `KeyRefusedError` or, when an unknown key cannot be looked up, `KeysUnavailableError`."""
    meta = request.META  # `request.headers` would build a mapping of them all first
    scheme, _, bearer = meta.get("HTTP_AUTHORIZATION", "").partition(" ")
    secret = bearer.strip() if scheme.lower() == "bearer" else ""
    secret = secret or meta.get("HTTP_X_API_KEY", "").strip()
    if not secret:
        raise KeyRefusedError(f"No API key. {HINT}")
    return await snapshots.authenticate(secret)
