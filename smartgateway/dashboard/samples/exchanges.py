"""Synthetic requests, decided by the real engine and written in the words of the record by the path's own code."""

import random
from typing import NamedTuple

from asgiref.sync import async_to_sync

from audit.records import DecisionRecord, OutcomeRecord
from routing import policies
from routing.engine.decide import decide
from routing.engine.names import tier_name
from routing.engine.types import (
    LADDER,
    LocalModel,
    Phase,
    RoutingDecision,
    RoutingRequest,
    Surroundings,
    Usage,
    Verdict,
)
from routing.providers.base import Account
from routing.route import Routed, route_request
from smartgateway.completions import recorded
from smartgateway.completions.exchange import Ask, Exchange, Options
from smartgateway.completions.fallback import Candidate
from smartgateway.dashboard.samples.cast import TAGS, callers, face_of, of_client
from smartgateway.dashboard.samples.kinds import KINDS, Kind

# status, HTTP status, error, weight
ENDS = (
    ("answered", 200, "", 965),
    ("failed", 502, "upstream_error", 8),
    ("failed", 504, "upstream_timeout", 4),
    ("refused", 429, "rate_limit_exceeded", 8),
    ("aborted", 499, "client_gone", 15),
)
STREAMED = 0.8
FALLBACK_SHARE = 0.02
FALLBACKS = {"local": "haiku", "sonnet": "opus"}
ASKED_AGAIN = 0.02  # of people's asks
RAISED = 0.2  # of people's asks that name a tier
IN_CIRCLES = 0.015  # of agents' turns
UNKNOWN_SHARE = 0.003
FIRST_CHUNK = {"local": 0.35, "anthropic": 0.9}  # seconds, medians
TOKENS_PER_SECOND = {"local": 45.0, "anthropic": 80.0}
OVERHEAD = 0.0012


class Sample(NamedTuple):
    decision: DecisionRecord
    outcome: OutcomeRecord


def samples(count: int, seed: int) -> list[Sample]:
    draw = random.Random(seed)
    routed = [(kind, _routed(kind)) for kind in KINDS]
    everyone = callers()
    made = []
    for _ in range(count):
        kind, decided = draw.choices(routed, [kind.weight for kind in KINDS])[0]
        able = of_client(everyone, kind.client)
        caller = draw.choices(able, [each.weight for each in able])[0]
        options = Options(tags=draw.choice(TAGS[kind.client]), end_user=f"person {draw.randint(1, 40)}")
        body = {"messages": kind.messages, "model": kind.model}
        asked = Ask(caller.key, face_of(kind.client), body, options, is_stream=draw.random() < STREAMED)
        exchange = Exchange(asked, _with_verdict(decided, draw), f"{draw.randrange(4000):032x}")
        made.append(_ended(exchange, kind, draw))
    return made


def _routed(kind: Kind) -> Routed:
    policy = policies.current()
    local = LocalModel(policy.models["local"], loaded=True, context_tokens=32_768, vision=False, tools=True)
    surroundings = Surroundings(
        local=local,
        local_models=frozenset({local.name}),
        anthropic_models=frozenset({*policy.models.values(), kind.model}),
        classifier_ready=True,
        session=kind.session,
    )
    request = RoutingRequest(kind.messages, kind.tools, requested_model=kind.model)
    return async_to_sync(route_request)(request, policy=policy, surroundings=surroundings, ask_classifier=False)


def _with_verdict(routed: Routed, draw: random.Random) -> Routed:
    """Where the rules could not tell, a classifier that was asked, remembered the ask, or took too long."""
    if routed.verdict is None:
        return routed
    model, tier = routed.policy.models["classifier"], draw.choices(LADDER, [45, 45, 10])[0]
    asked = Verdict(tier, model=model, latency_ms=draw.lognormvariate(6.0, 0.4), input_tokens=420, output_tokens=18)
    remembered = Verdict(tier, model=model, cached=True)
    late = Verdict(None, error="timeout", model=model, latency_ms=5000.0)
    verdict = draw.choices([asked, remembered, late], [80, 17, 3])[0]
    decision = decide(routed.request, routed.policy, routed.surroundings, verdict, routed.features, routed.signals)
    assert isinstance(decision, RoutingDecision)  # with a verdict at hand none is asked for
    return routed._replace(verdict=verdict, decision=decision)


def _ended(exchange: Exchange, kind: Kind, draw: random.Random) -> Sample:
    status, http_status, error, _ = draw.choices(ENDS, [end[3] for end in ENDS])[0]
    chosen = exchange.routed.decision
    candidate = Candidate(tier_name(chosen, exchange.routed.policy), chosen.provider, chosen.model)
    if status != "refused":
        exchange.first_intent = exchange.intend(candidate)
    decision = recorded.decision(exchange)
    _give_signs(decision, draw)
    if status == "answered" and chosen.phase is not Phase.EXPLICIT and draw.random() < FALLBACK_SHARE:
        candidate = _fall_back(exchange)
    if exchange.first_intent or exchange.fallback_causes:
        attempt = exchange.begin(exchange.take_first_intent() or exchange.intend(candidate))
        if status == "failed":
            attempt.error_type, attempt.status = error, http_status
    if status in ("answered", "aborted"):
        exchange.served = candidate
        features = exchange.routed.features
        sent = features.estimated_tokens + features.tool_tokens
        usage = None if draw.random() < UNKNOWN_SHARE else _usage(kind, sent, candidate, draw)
        exchange.account = Account(candidate.model, finish_reason="stop", usage=usage)
    outcome = recorded.outcome(
        exchange, status=status, http_status=http_status, error_type=error, is_complete=status == "answered"
    )
    _time(outcome, candidate, draw)
    return Sample(decision, outcome)


def _give_signs(decision: DecisionRecord, draw: random.Random) -> None:
    if decision.is_human_ask:
        decision.is_repeated_ask = draw.random() < ASKED_AGAIN
        decision.is_raised = decision.phase == "explicit" and draw.random() < RAISED
    elif decision.is_agentic:
        decision.repeated_tool_calls = draw.choice((3, 3, 4, 6)) if draw.random() < IN_CIRCLES else 0


def _fall_back(exchange: Exchange) -> Candidate:
    """The chosen tier could not serve: the first attempt ended, the next of the policy's chain answers."""
    failed = exchange.begin(exchange.take_first_intent() or exchange.intend(Candidate("", "", "")))
    is_local = failed.provider_name == "local"
    failed.error_type, failed.status, failed.duration = ("timeout", None, 6.0) if is_local else ("overloaded", 529, 0.4)
    exchange.fallback_causes.append(f"{failed.tier or failed.request_model}:{failed.error_type}")
    name = FALLBACKS.get(failed.tier, "sonnet")
    return Candidate(name, "anthropic", exchange.routed.policy.models[name])


def _usage(kind: Kind, sent: int, candidate: Candidate, draw: random.Random) -> Usage:
    """`sent` is the estimate of the input, around which the count lies."""
    tokens = max(20, round(sent * draw.lognormvariate(0, 0.3)))
    cached = round(tokens * kind.cached) if candidate.provider_name == "anthropic" else 0
    written = round((tokens - cached) * 0.6) if cached else 0
    return Usage(
        fresh_input_tokens=tokens - cached - written,
        cache_read_input_tokens=cached,
        cache_write_5m_input_tokens=written,
        output_tokens=max(4, round(kind.output_tokens * draw.lognormvariate(0, 0.6))),
    )


def _time(outcome: OutcomeRecord, candidate: Candidate, draw: random.Random) -> None:
    """As long as such an answer takes; nothing was really waited for."""
    outcome.overhead = OVERHEAD * draw.lognormvariate(0, 0.5)
    first = FIRST_CHUNK[candidate.provider_name] * draw.lognormvariate(0, 0.5)
    answering = outcome.output_tokens / TOKENS_PER_SECOND[candidate.provider_name]
    outcome.time_to_first_chunk = first if outcome.status in ("answered", "aborted") else None
    outcome.duration = outcome.overhead + (first + answering if outcome.attempts else 0.0)
    for attempt in outcome.attempts[-1:]:
        attempt.time_to_first_chunk, attempt.duration = outcome.time_to_first_chunk, outcome.duration
