"""The server's entry: a slim handler for the API, Django's own for admin, dashboard and the rest."""

import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartgateway.settings")
django_application = get_asgi_application()

from typing import Any  # noqa: E402  (Django's apps have to be loaded first)

from smartgateway.api import lifespan  # noqa: E402
from smartgateway.api.base import Unknown  # noqa: E402
from smartgateway.api.messages.view import UnknownToAnthropic  # noqa: E402
from smartgateway.api.models import PREFIX as MODEL_PREFIX  # noqa: E402
from smartgateway.api.models import Model  # noqa: E402
from smartgateway.api.slim import serve  # noqa: E402
from smartgateway.urls import api_views  # noqa: E402

unknown, unknown_to_anthropic, model = Unknown.as_view(), UnknownToAnthropic.as_view(), Model.as_view()
VIEWS = {f"/{pattern.pattern}": pattern.callback for pattern in api_views}


def view_of(path: str) -> Any:
    """None for what is not the API's."""
    if path.startswith("/v1/messages"):
        return VIEWS.get(path, unknown_to_anthropic)
    if path.startswith(MODEL_PREFIX):
        return model
    return VIEWS.get(path, unknown if path == "/v1" or path.startswith("/v1/") else None)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "http":
        view = view_of(scope["path"].rstrip("/"))
        if view is not None:
            await serve(view, scope, receive, send)
        else:
            await django_application(scope, receive, send)
    elif scope["type"] == "lifespan":
        await lifespan.run(receive, send)
