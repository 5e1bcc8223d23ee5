"""`/health/live` (the process answers) and `/health/ready` (it can serve, and what troubles it)."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse

from audit import recording
from routing import connections, policies
from smartgateway.api.lifespan import Upkeep


async def live(request: HttpRequest) -> HttpResponse:
    return answer({"status": "ok"}, 200)


async def ready(request: HttpRequest) -> HttpResponse:
    """503 only when no request could be answered; lesser trouble is named under 200."""
    unpublished = "" if policies.is_loaded() else "no policy is published: run manage.py bootstrap"
    blocking = [text for text in (recording.trouble(), unpublished) if text]
    degraded = [text for text in (policies.trouble(), Upkeep.trouble, unserved()) if text]
    status = "unavailable" if blocking else "degraded" if degraded else "ok"
    return answer({"status": status, "troubles": blocking + degraded}, 503 if blocking else 200)


def unserved() -> str:
    has_provider = any(connections.provider(name) for name in ("local", "anthropic"))
    return "" if has_provider else "no model is configured: set ANTHROPIC_API_KEY or LOCAL_LLM_BASE_URL"


def answer(body: dict[str, Any], status: int) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(body), status=status, content_type="application/json")
