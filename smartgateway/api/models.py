"""`GET /v1/models`: one object that both the OpenAI and the Anthropic SDK can read."""

from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from routing import connections, policies
from routing.engine.types import Tier
from smartgateway.api.base import GatewayView

ROUTED = ("auto", "smart", "claude-auto")
CLAUDE_TIERS = ("haiku", "sonnet", "opus")
EPOCH = "2026-01-01T00:00:00Z"


class Models(GatewayView):
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


def entries() -> list[tuple[str, str]]:
    """Ids with their owner: what routes, the tiers that are configured, aliases without `*`, concrete models."""
    policy, seen = policies.current(), connections.surroundings()
    tiers = ["local"] if Tier.LOCAL in seen.configured else []
    claude: set[str] = set()
    if Tier.SONNET in seen.configured:
        tiers += CLAUDE_TIERS
        claude = {policy.models[name] for name in CLAUDE_TIERS} | seen.anthropic_models
    aliases = [alias.pattern for alias in policy.aliases if not alias.pattern.endswith("*")]
    found = [(name, "smartgateway") for name in (*ROUTED, *tiers, *aliases)]
    found += [(name, "anthropic") for name in sorted(claude)]
    found += [(name, "local") for name in sorted(seen.local_models)]
    return list(dict.fromkeys(found))


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
