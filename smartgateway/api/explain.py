"""`POST /v1/route`: what would be decided for a request, and why. Nothing is called, nothing recorded."""

from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from routing import connections
from routing.breakers import breaker
from routing.engine.types import Reason, RoutingDecision
from routing.route import Routed
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.options import options
from smartgateway.api.shapes import chat_form
from smartgateway.completions import path
from smartgateway.completions.admission import admit
from smartgateway.completions.exchange import Ask, Exchange


class Route(GatewayView):
    """Counts to the key's limit. `?classify=1` asks Phase 2 too; else an ambiguous request shows its fallback tier."""

    async def post(self, request: Request) -> HttpResponse:
        await admit(key_of(request))
        body = chat_form(request.data).body
        ask = Ask(key=key_of(request), face="route", body=body, options=options(request.META, body), is_stream=False)
        exchange = await path.decided(ask, ask_classifier=request.query_params.get("classify") == "1")
        return HttpResponse(msgspec.json.encode(explanation(exchange)), content_type="application/json")


def explanation(exchange: Exchange) -> dict[str, Any]:
    routed = exchange.routed
    signals = routed.signals
    return {
        "object": "route",
        "policy_version": routed.policy.version,
        "band": signals.band if signals else None,
        "confidence": signals.confidence if signals else None,
        "fallback_tier": signals.fallback_tier if signals else None,
        "decision": decision_object(routed.decision),
        "auto": decision_object(routed.auto) if routed.auto else None,
        "classifier": classifier_object(routed),
        "tools_removed": routed.remove_tools,
        "would_serve": would_serve(exchange),
    }


def decision_object(decision: RoutingDecision) -> dict[str, Any]:
    return {
        "tier": decision.tier,
        "provider": decision.provider,
        "model": decision.model,
        "score": round(decision.score, 4),
        "phase": decision.phase,
        "reasons": [reason_object(reason) for reason in decision.reasons],
    }


def reason_object(reason: Reason) -> dict[str, Any]:
    return {
        "rule": reason.rule,
        "fired": reason.fired,
        "value": reason.value,
        "threshold": reason.threshold,
        "margin": reason.margin,
        "points_to": reason.points_to,
    }


def classifier_object(routed: Routed) -> dict[str, Any] | None:
    verdict = routed.verdict
    if verdict is None:
        return None
    return {
        "tier": verdict.tier,
        "reason": verdict.reason,
        "error": verdict.error,
        "model": verdict.model,
        "cached": verdict.cached,
        "latency_ms": round(verdict.latency_ms, 1),
    }


def would_serve(exchange: Exchange) -> dict[str, Any] | None:
    """The first candidate that could be called now."""
    for candidate in path.candidates_of(exchange):
        if connections.provider(candidate.provider_name) and breaker(candidate.provider_name).is_willing():
            return {"tier": candidate.name or None, "provider": candidate.provider_name, "model": candidate.model}
    return None
