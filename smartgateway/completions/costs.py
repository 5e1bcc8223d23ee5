"""What an exchange cost and would have cost elsewhere, as its outcome holds it."""

import logging
import time
from decimal import Decimal
from typing import Any

from audit.records import AttemptRecord
from routing.engine.types import Usage
from routing.route import Routed
from smartgateway.completions.exchange import Exchange
from smartgateway.completions.fallback import Candidate
from smartgateway.completions.savings import Baselines, Served, baselines, cache_saved, cost

UNKNOWN = Baselines()
UNCOUNTED = frozenset({"broken_off", "cancelled", "invalid_answer", "timeout"})
logger = logging.getLogger(__name__)


def money(exchange: Exchange, usage: Usage | None) -> dict[str, Any]:
    """Costs and baselines as the outcome holds them. Trouble here leaves them unknown, and the outcome recorded."""
    elsewhere, of_cache = UNKNOWN, None
    try:
        if exchange.served is not None and usage is not None:
            served = priced(exchange, exchange.served, usage)
            elsewhere = baselines(exchange.routed, served)
            if exchange.account is not None and exchange.account.is_cache_marked:
                of_cache = cache_saved(served.by.provider_name, served.by.model, usage)
        total, judging = spent(exchange.attempts), classifier_cost(exchange.routed)
    except Exception:
        logger.exception("The costs of %s are unknown", exchange.id.hex())
        total = judging = None
    return {
        "cost": total,
        "classifier_cost": judging,
        "baseline_requested": text(elsewhere.requested),
        "baseline_requested_high": text(elsewhere.requested_high),
        "baseline_sonnet": text(elsewhere.sonnet),
        "baseline_opus": text(elsewhere.opus),
        "baseline_keyword": text(elsewhere.keyword),
        "is_baseline_estimated": elsewhere.is_estimated,
        "cache_saved": text(of_cache),
    }


def priced(exchange: Exchange, by: Candidate, usage: Usage) -> Served:
    """The answer with its cost, which also stands in its attempt."""
    attempt = exchange.attempts[-1]
    seconds = time.perf_counter() - (exchange.called_at or exchange.ask.received_at)
    amount, attempt.price_id = cost(attempt.provider_name, attempt.request_model, usage, seconds)
    attempt.cost = text(amount)
    return Served(by, usage, seconds, amount)


def spent(attempts: list[AttemptRecord]) -> str | None:
    """The sum over all attempts; None as soon as one cost something that nobody knows."""
    costs = [attempt.cost for attempt in attempts if attempt.cost is not None or is_bill_open(attempt)]
    if len(costs) == 1:
        return costs[0]
    known = [Decimal(cost) for cost in costs if cost is not None]
    return str(sum(known, Decimal(0))) if len(known) == len(costs) else None


def is_bill_open(attempt: AttemptRecord) -> bool:
    """Claude may bill what it was asked even if its answer never came whole; what the local model spoilt is free."""
    if attempt.provider_name == "local":
        return attempt.status == 200 and not attempt.error_type
    return attempt.status == 200 or attempt.error_type in UNCOUNTED


def classifier_cost(routed: Routed) -> str | None:
    verdict = routed.verdict
    if verdict is None or verdict.cached or not verdict.model:
        return "0"
    usage = Usage(verdict.input_tokens, output_tokens=verdict.output_tokens)
    return text(cost("local", verdict.model, usage, verdict.latency_ms / 1000)[0])


def text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
