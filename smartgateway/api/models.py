"""`GET /v1/models` and one model of it: objects that both the OpenAI and the Anthropic SDK can read."""

from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from routing import connections, policies
from routing.engine.names import wish_of_model
from routing.engine.types import PROVIDER_OF, RoutingRefusedError, Tier
from smartgateway.api.base import GatewayView
from smartgateway.api.errors import openai_body
from smartgateway.api.messages.response import error_body
from smartgateway.completions.errors import GatewayError, from_refusal

PREFIX = "/v1/models/"
OURS = "smartgateway"
ROUTED = ("auto", "smart", "claude-auto")
CLAUDE_TIERS = ("haiku", "sonnet", "opus")
EPOCH = "2026-01-01T00:00:00Z"


def body_for_both(exc: GatewayError) -> dict[str, Any]:
    """An error that either SDK can read: nothing says which one asks."""
    anthropic, openai = error_body(exc), openai_body(exc)
    return {**anthropic, "error": {**openai["error"], **anthropic["error"]}}


class Models(GatewayView):
    error_body = staticmethod(body_for_both)

    async def get(self, request: Request) -> HttpResponse:
        data = [model_object(*entry) for entry in entries()]
        body = {
            "object": "list",
            "data": data,
            "has_more": False,
            "first_id": data[0]["id"],
            "last_id": data[-1]["id"],
        }
        return HttpResponse(msgspec.json.encode(body), content_type="application/json")


class Model(GatewayView):
    """Ids may hold slashes and colons. Whatever can be asked for is found, names that only an alias covers too."""

    error_body = staticmethod(body_for_both)

    async def get(self, request: Request, name: str = "") -> HttpResponse:
        name = name or request.path.removeprefix(PREFIX).rstrip("/")
        owner = dict(entries()).get(name) or owner_of(name)
        return HttpResponse(msgspec.json.encode(model_object(name, owner)), content_type="application/json")


def entries() -> list[tuple[str, str]]:
    """Ids with their owner: what routes, the tiers that are configured, aliases without `*`, concrete models."""
    policy, seen = policies.current(), connections.surroundings()
    tiers = ["local"] if Tier.LOCAL in seen.configured else []
    claude: set[str] = set()
    if Tier.SONNET in seen.configured:
        tiers += CLAUDE_TIERS
        claude = {policy.models[name] for name in CLAUDE_TIERS} | seen.anthropic_models
    aliases = [alias.pattern for alias in policy.aliases if not alias.pattern.endswith("*")]
    found = [(name, OURS) for name in (*ROUTED, *tiers, *aliases)]
    found += [(name, "anthropic") for name in sorted(claude)]
    found += [(name, "local") for name in sorted(seen.local_models)]
    return list(dict.fromkeys(found))


def owner_of(name: str) -> str:
    """Who serves a name that is not listed; what cannot be asked for now is not found."""
    seen = connections.surroundings()
    try:
        wish = wish_of_model(name, "", policies.current(), seen)
    except RoutingRefusedError as exc:
        raise from_refusal(exc) from exc
    if wish is None:
        return OURS
    if wish.provider not in {PROVIDER_OF[tier] for tier in seen.configured}:
        raise GatewayError(404, "model_not_found", f"Nothing is configured that serves {name[:200]!r}.", param="model")
    return wish.provider


def model_object(name: str, owner: str) -> dict[str, Any]:
    return {
        "id": name,
        "object": "model",
        "created": 1767225600,
        "owned_by": owner,
        "type": "model",
        "display_name": name,
        "created_at": EPOCH,
    }
