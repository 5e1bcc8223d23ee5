"""What an answer would have cost elsewhere, from the tokens that were counted and the prices of its day."""

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import NamedTuple

from routing.engine.features import Features
from routing.engine.names import HAIKU, LOCAL
from routing.engine.pricing import cost_of
from routing.engine.types import LADDER, Policy, Price, RoutingDecision, Surroundings, Usage
from routing.prices import PriceBook
from smartgateway.completions.fallback import Candidate, candidates
from smartgateway.completions.savings import as_fresh, claude_usage
from smartgateway.workbench.backtest.again import Way
from smartgateway.workbench.backtest.rows import Row

NOTHING = Decimal(0)
MILLISECONDS_AT = 80  # bits of an id below its time


class Bill(NamedTuple):
    """USD. The interval is that of a prompt cache which nobody can know of: kept, or lost."""

    low: Decimal
    high: Decimal


NO_BILL = Bill(NOTHING, NOTHING)


class Circumstances(NamedTuple):
    """Under what a request is decided again."""

    features: Features
    surroundings: Surroundings
    policy: Policy


def before(row: Row) -> Decimal | None:
    """What was spent; None where it is unknown."""
    if row.status is None or not row.served_provider:
        return NOTHING
    if row.cost is None or row.classifier_cost is None:
        return None
    return row.cost + row.classifier_cost


def between(bills: Iterable[Bill | None]) -> Bill | None:
    """The least and the most of them; None as soon as one is unknown."""
    known = list(bills)
    if None in known:
        return None
    return Bill(min(bill.low for bill in known if bill), max(bill.high for bill in known if bill))


def after(row: Row, way: Way, around: Circumstances, book: PriceBook) -> Bill | None:
    """The bill if the request goes this way, without a new question to the classifier."""
    if row.status is None or not row.served_provider or way.decision is None:
        return NO_BILL
    if row.cost is None or row.classifier_cost is None:
        return None
    judging = row.classifier_cost if way.calls else NOTHING
    if is_as_before(row, way.decision):
        return Bill(row.cost + judging, row.cost + judging)
    served = first_available(way.decision, around)
    if served is None:
        return None
    if served.name and served.name == row.served_tier and is_same_model(row, served.model):
        return Bill(row.cost + judging, row.cost + judging)
    answer = answered(row, served, around, book)
    return answer and Bill(answer.low + judging, answer.high + judging)


def is_as_before(row: Row, decision: RoutingDecision) -> bool:
    chosen = row.tier if row.tier in LADDER else ""  # haiku is told by its model
    return (decision.tier or "") == chosen and (decision.provider == LOCAL or decision.model == row.model)


def is_same_model(row: Row, model: str) -> bool:
    return row.served_provider == LOCAL or (row.served_model or "").startswith(model)


def first_available(decision: RoutingDecision, around: Circumstances) -> Candidate | None:
    """Who would have answered: the chosen tier, or the first of its chain that was there."""
    features, surroundings, policy = around
    found = candidates(
        decision,
        policy=policy,
        surroundings=surroundings,
        features=features,
        local_only=features.local_only,
        served_local_model=str,
    )
    available = surroundings.available
    is_claude_there = any(tier != LOCAL for tier in available)
    for candidate in found:
        if candidate.name in available or (candidate.name in ("", HAIKU) and is_claude_there):
            return candidate
    return None


def answered(row: Row, by: Candidate, around: Circumstances, book: PriceBook) -> Bill | None:
    """The same answer by another model: as many tokens, in its own tokenizer's words."""
    found = book.find(by.provider_name, by.model, moment_of(row))
    if found is None:
        return None
    usage = Usage(
        row.fresh_input_tokens or 0,
        row.cache_read_input_tokens or 0,
        row.cache_write_5m_input_tokens or 0,
        row.cache_write_1h_input_tokens or 0,
        row.output_tokens or 0,
    )
    price, seconds = found[0], row.duration or 0.0
    if by.provider_name == LOCAL:
        if row.served_provider != LOCAL:
            usage = as_local(usage, around.policy)
        return exactly(cost_of(usage, price, seconds))
    if row.served_provider == LOCAL:
        usage = claude_usage(around.features, around.policy, usage)
    return with_and_without_cache(usage, price)


def with_and_without_cache(usage: Usage, price: Price) -> Bill:
    low = cost_of(usage, price)
    return exactly(low) if not usage.cache_read_input_tokens else Bill(low, max(low, cost_of(as_fresh(usage), price)))


def exactly(amount: Decimal) -> Bill:
    return Bill(amount, amount)


def as_local(usage: Usage, policy: Policy) -> Usage:
    ratio = policy.thresholds["claude_tokens_per_local_token"]
    return Usage(round(usage.input_tokens / ratio), output_tokens=round(usage.output_tokens / ratio))


def moment_of(row: Row) -> datetime:
    return datetime.fromtimestamp((row.id.int >> MILLISECONDS_AT) / 1000, UTC)
