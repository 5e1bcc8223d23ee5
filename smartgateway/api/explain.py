"""`POST /v1/route`: what would be decided for a request, and why. Nothing is called, nothing recorded."""

from typing import Any

import msgspec
from asgiref.sync import sync_to_async
from django.http import HttpResponse
from rest_framework.request import Request

from routing import connections
from routing.breakers import breaker
from routing.engine.causes import cause
from routing.engine.explain import Explanation, Flip, deciding
from routing.engine.names import tier_name
from routing.engine.naming import NamedList, Names, Texts
from routing.engine.telling import destination, otherwise
from routing.engine.types import Phase, Policy, Reason, RoutingDecision
from routing.route import Routed
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.options import options
from smartgateway.api.shapes import chat_form
from smartgateway.completions import path
from smartgateway.completions.admission import admit
from smartgateway.completions.exchange import Ask, Exchange
from smartgateway.completions.explaining import explanation_of


class Route(GatewayView):
    """Counts to the key's limit. `?classify=1` asks Phase 2 too; else an ambiguous request shows its fallback tier."""

    async def post(self, request: Request) -> HttpResponse:
        await admit(key_of(request))
        body = chat_form(request.data).body
        ask = Ask(key=key_of(request), face="route", body=body, options=options(request.META, body), is_stream=False)
        exchange = await path.decided(ask, ask_classifier=request.query_params.get("classify") == "1")
        found = await sync_to_async(explanation_of, thread_sensitive=False)(exchange.routed)  # milliseconds of work
        body = {**explanation(exchange), "explanation": explanation_object(exchange.routed, found)}
        return HttpResponse(msgspec.json.encode(body), content_type="application/json")


def explanation(exchange: Exchange) -> dict[str, Any]:
    routed = exchange.routed
    signals = routed.signals
    return {
        "object": "route",
        "policy_version": routed.policy.version,
        "band": signals.band if signals else None,
        "confidence": signals.confidence if signals else None,
        "fallback_tier": signals.fallback_tier if signals else None,
        "decision": decision_object(routed.decision, routed.policy),
        "auto": decision_object(routed.auto, routed.policy) if routed.auto else None,
        "classifier": classifier_object(routed),
        "tools_removed": routed.remove_tools,
        "would_serve": would_serve(exchange),
    }


def explanation_object(routed: Routed, found: Explanation | None) -> dict[str, Any]:
    """What was tried, what decided, what was near, and the least that would have flipped the tier."""
    decision = routed.decision
    band = routed.signals.band
    flips, names = found.flips if found else (), Names(routed.policy)
    named = names.named(routed.features)
    return {
        "of": "auto" if decision.phase is Phase.EXPLICIT else "decision",
        "sentence": sentence(routed, flips, names.counted(routed.features)),
        "decided_by": [reason.rule for reason in deciding(decision.phase, band, decision.reasons)],
        "near": [reason.rule for reason in found.near] if found else [],
        "tried": [reason_object(reason) for reason in found.tried] if found else [],
        "flips": [flip_object(flip) for flip in flips],
        "phrases": [phrases_object(each) for each in named.lists],
        "tags": named.tags,
    }


def phrases_object(found: NamedList) -> dict[str, Any]:
    return {"list": found.name, "counted": found.counted, "not_counted": found.others}


def sentence(routed: Routed, flips: tuple[Flip, ...], texts: Texts) -> str:
    """For who does not know the rules."""
    decision = routed.decision
    where = destination(tier_name(decision, routed.policy), decision.model)
    why = cause(decision.tier, decision.phase, routed.signals.band, decision.reasons, texts)
    told = f"This request goes to {where}, because {why}."
    is_ours = decision.phase is not Phase.EXPLICIT
    return f"{told} {otherwise(flips[0])}" if flips and is_ours else told


def flip_object(flip: Flip) -> dict[str, Any]:
    step = flip.step
    return {
        "kind": step.kind,
        "name": step.name,
        "phrase": step.phrase or None,
        "value": step.value,
        "to": step.to,
        "distance": step.size,
        "band": flip.band,
        "tier": flip.tier,
        "asks_classifier": flip.asks_classifier,
        "sentence": otherwise(flip),
    }


def decision_object(decision: RoutingDecision, policy: Policy) -> dict[str, Any]:
    return {
        "tier": tier_name(decision, policy) or None,
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
