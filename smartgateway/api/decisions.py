"""`GET /v1/decisions`: the key's own decisions, newest first."""

from typing import Any
from uuid import UUID

import msgspec
from django.db import DatabaseError
from django.http import HttpResponse
from rest_framework.request import Request

from audit.models import Outcome, RoutingDecision
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.rows import in_thread
from smartgateway.completions.errors import BadRequestError, GatewayError

MAX_LIMIT = 100


class Decisions(GatewayView):
    """`?limit=` (1 to 100, default 20) and `?before=` a decision id."""

    async def get(self, request: Request) -> HttpResponse:
        limit, before = page_of(request)
        try:
            rows = await in_thread(newest, key_of(request).id, before, limit)
        except DatabaseError as exc:
            raise GatewayError(
                503, "database_unavailable", "The record cannot be read at the moment.", type="api_error", retry_after=5
            ) from exc
        body = {"object": "list", "data": rows, "has_more": len(rows) == limit}
        return HttpResponse(msgspec.json.encode(body), content_type="application/json")


def page_of(request: Request) -> tuple[int, UUID | None]:
    try:
        limit = int(request.query_params.get("limit", 20))
        before = request.query_params.get("before")
        identity = UUID(before) if before else None
    except ValueError:
        raise BadRequestError("'limit' must be a number and 'before' a decision id.") from None
    if not 1 <= limit <= MAX_LIMIT:
        raise BadRequestError(f"'limit' must be between 1 and {MAX_LIMIT}.", param="limit")
    return limit, identity


def newest(key_id: int, before: UUID | None, limit: int) -> list[dict[str, Any]]:
    decisions = RoutingDecision.objects.filter(key_id=key_id).newest_alike(before=before, limit=limit)
    return [row(decision, getattr(decision, "outcome", None)) for decision in decisions]


def row(decision: RoutingDecision, outcome: Outcome | None) -> dict[str, Any]:
    return {
        "id": str(decision.id),
        "created_at": decision.created_at.isoformat(),
        "requested_model": decision.requested_model,
        "tier": decision.tier or None,
        "provider": decision.provider_name,
        "model": decision.model,
        "phase": decision.phase,
        "band": decision.band or None,
        "reasons": decision.reasons,
        "status": outcome.status if outcome else "open",
        "served_tier": outcome.served_tier if outcome else None,
        "served_model": outcome.served_model if outcome else None,
        "output_tokens": outcome.output_tokens if outcome else None,
        "cost_usd": f"{outcome.cost.normalize():f}" if outcome and outcome.cost is not None else None,
    }
