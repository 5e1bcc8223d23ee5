"""An exchange in the words of the record."""

import time
from functools import lru_cache
from hashlib import blake2b

import msgspec
from django.conf import settings

from audit.records import DecisionRecord, OutcomeRecord
from routing import prices
from routing.engine.asks import texts_of
from routing.engine.names import tier_name
from routing.engine.pricing import cost_of
from routing.engine.types import LADDER, PROVIDER_OF, Tier, Usage, Verdict
from routing.route import Routed
from smartgateway.completions.costs import money
from smartgateway.completions.exchange import Exchange, tellable
from smartgateway.completions.signs import signs_of
from smartgateway.completions.texts import text_of

DIGESTED_CHARS = 8192
NO_USAGE = Usage()
pack = msgspec.msgpack.Encoder(decimal_format="number").encode


def decision(exchange: Exchange) -> DecisionRecord:
    ask, routed = exchange.ask, exchange.routed
    chosen, signals, features, verdict = routed.decision, routed.signals, routed.features, routed.verdict
    exchange.ask_digest = ask_digest(routed)
    signs = signs_of(exchange)
    return DecisionRecord(
        id=exchange.id,
        created_at=exchange.created_at,
        team_id=ask.key.team_id,
        team_name=ask.key.team_name,
        key_id=ask.key.id,
        key_name=ask.key.name,
        end_user=ask.options.end_user,
        session_id=exchange.session_key,
        face=ask.face,
        is_stream=ask.is_stream,
        requested_model=routed.request.requested_model[:200],
        requested_provider=routed.request.requested_provider[:40],
        policy_version=routed.policy.version,
        phase=chosen.phase,
        band=signals.band if signals else "",
        confidence=signals.confidence if signals else 1.0,
        tier=tier_name(chosen, routed.policy),
        provider_name=chosen.provider,
        model=chosen.model,
        score=chosen.score,
        reasons=[
            (reason.rule, reason.value, reason.threshold, reason.margin, reason.points_to or "", reason.fired)
            for reason in chosen.reasons
        ],
        features=pack((features.pack(), surroundings_of(routed))),
        classifier_tier=(verdict.tier or "") if verdict else "",
        classifier_state=classifier_state(verdict) if verdict else "",
        classifier_latency_ms=verdict.latency_ms if verdict else 0.0,
        classifier_input_tokens=verdict.input_tokens if verdict else 0,
        classifier_output_tokens=verdict.output_tokens if verdict else 0,
        candidates=candidate_costs(routed),
        ask_digest=exchange.ask_digest,
        auto_tier=(routed.auto.tier or "") if routed.auto else "",
        is_human_ask=features.is_human_ask,
        is_housekeeping=features.is_housekeeping,
        is_agentic=features.is_agentic,
        tags=list(ask.options.tags),
        first_attempt=exchange.first_intent,
        text=text_of(exchange),
        is_repeated_ask=signs.is_repeated_ask,
        is_raised=signs.is_raised,
        repeated_tool_calls=signs.repeated_tool_calls,
    )


def classifier_state(verdict: Verdict) -> str:
    """What came of another request's call is a hit only where it was an answer."""
    if verdict.cached:
        return f"skipped:{verdict.error}" if verdict.error else "hit"
    return verdict.error or "miss"


def surroundings_of(routed: Routed) -> tuple[object, ...]:
    """What was read of the world, packed small: tier sets as bits, the local model's window, the session."""
    seen = routed.surroundings
    local, session = seen.local, seen.session
    return (
        bits_of(seen.configured),
        bits_of(seen.available),
        bits_of(seen.allowed_tiers),
        (local.context_tokens, local.vision, local.tools, local.is_demo) if local else None,
        (LADDER.index(session.tier), session.used_tools, round(session.idle_seconds)) if session else None,
        seen.classifier_ready,
    )


@lru_cache(maxsize=64)
def bits_of(tiers: frozenset[Tier]) -> int:
    return sum(1 << LADDER.index(tier) for tier in tiers)


def candidate_costs(routed: Routed) -> list[tuple[str, str | None]]:
    """Each tier with the estimated cost of its input alone; what the answer will hold is not known yet."""
    book, usage = prices.current(), Usage(routed.features.estimated_tokens)
    models = routed.policy.models
    costs: list[tuple[str, str | None]] = []
    for tier in LADDER:
        found = book.find(PROVIDER_OF[tier], models[tier])
        costs.append((tier, str(cost_of(usage, found[0])) if found else None))
    return costs


def ask_digest(routed: Routed) -> bytes:
    """A keyed digest of the newest user message, by which a repeated ask can be recognised."""
    digest = blake2b(key=settings.SECRET_KEY.encode()[:64], digest_size=16)
    for message in reversed(routed.request.messages):
        if message.get("role") == "user":
            said = "\n\n".join(texts_of(message.get("content")))
            digest.update(said[:DIGESTED_CHARS].encode(errors="replace"))
            break
    return digest.digest()


def finish_attempt(exchange: Exchange, usage: Usage) -> None:
    """Write what the account of the answering call says into its attempt, priced."""
    account, attempt = exchange.account, exchange.attempts[-1] if exchange.attempts else None
    if account is None or attempt is None:
        return
    attempt.response_model = account.response_model
    attempt.response_id = account.response_id
    attempt.upstream_request_id = account.upstream_request_id
    attempt.finish_reason = account.finish_reason
    attempt.status = attempt.status or 200
    attempt.fresh_input_tokens = usage.fresh_input_tokens
    attempt.cache_read_input_tokens = usage.cache_read_input_tokens
    attempt.cache_write_5m_input_tokens = usage.cache_write_5m_input_tokens
    attempt.cache_write_1h_input_tokens = usage.cache_write_1h_input_tokens
    attempt.output_tokens = usage.output_tokens
    attempt.is_estimated = usage.is_estimated
    attempt.duration = time.time() - attempt.started_at
    if exchange.first_byte_at is not None:
        attempt.time_to_first_chunk = exchange.first_byte_at - exchange.ask.received_at


def outcome(exchange: Exchange, *, status: str, http_status: int, error_type: str, is_complete: bool) -> OutcomeRecord:
    counted = exchange.usage(is_complete=is_complete)
    usage = counted or NO_USAGE
    finish_attempt(exchange, usage)
    served, account = exchange.served, exchange.account
    now = time.perf_counter()
    received = exchange.ask.received_at
    return OutcomeRecord(
        id=exchange.id,
        created_at=time.time(),
        status=status,
        http_status=http_status,
        error_type=error_type,
        finish_reason=account.finish_reason if account else "",
        is_complete=is_complete,
        served_tier=served.name if served else "",
        served_model=(account.response_model if account else "") or (served.model if served else ""),
        served_provider=served.provider_name if served else "",
        fresh_input_tokens=usage.fresh_input_tokens,
        cache_read_input_tokens=usage.cache_read_input_tokens,
        cache_write_5m_input_tokens=usage.cache_write_5m_input_tokens,
        cache_write_1h_input_tokens=usage.cache_write_1h_input_tokens,
        output_tokens=usage.output_tokens,
        **money(exchange, counted),
        time_to_first_chunk=exchange.first_byte_at - received if exchange.first_byte_at else None,
        duration=now - received,
        overhead=exchange.overhead(),
        fallback_causes=exchange.fallback_causes,
        dropped_params=tellable(exchange.dropped_params),
        attempts=exchange.attempts,
    )
