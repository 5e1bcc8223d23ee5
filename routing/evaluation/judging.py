"""Labelled requests, each with what a policy makes of it. Phase 1 alone."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from time import thread_time_ns
from typing import Any

from routing import prices
from routing.engine.automatic import OBSERVE_MODE
from routing.engine.decide import compute_routing_signals, decide_automatically
from routing.engine.features import Features, measure
from routing.engine.pricing import cost_of
from routing.engine.types import (
    LADDER,
    PROVIDER_OF,
    Band,
    LocalModel,
    Policy,
    Price,
    RoutingDecision,
    Surroundings,
    Tier,
    Usage,
    Verdict,
)
from routing.evaluation.rows import UnreadableRowError, row_of, rows_in

Prices = Callable[[Tier], Price | None]
WITHOUT_PHASE_2 = Verdict(None, error="skipped:evaluation")


@dataclass(frozen=True, slots=True)
class Judged:
    """One row and what the policy makes of it. `label` is None where no tier was good enough."""

    source: str
    has_tools: bool
    label: Tier | None
    band: Band
    tier: Tier
    phase1_us: float
    costs: Mapping[Tier, Decimal | None]
    outcomes: Mapping[Tier, float] = field(default_factory=dict)
    good_from: float | None = None

    @property
    def is_decided(self) -> bool:
        return self.band is not Band.AMBIGUOUS


def judged_lines(text: str, policy: Policy, *, num_ctx: int, answer: int) -> Iterator[Judged]:
    """JSON lines, in the surroundings of a usual local model and at today's prices; names the line it cannot read.

    A policy that only observes is taken as if it routed.
    """
    if policy.mode == OBSERVE_MODE:
        policy = replace(policy, mode="local_first")
    local = LocalModel(policy.models["local"], loaded=True, context_tokens=num_ctx, vision=False, tools=True)
    book = {tier: price_of(tier, policy) for tier in Tier}
    for number, data in rows_in(text):
        try:
            yield judged(data, policy, Surroundings(local=local), book.__getitem__, answer)
        except UnreadableRowError as exc:
            raise UnreadableRowError(f"line {number}: {exc}") from exc


def price_of(tier: Tier, policy: Policy) -> Price | None:
    found = prices.current().find(PROVIDER_OF[tier], policy.models[tier])
    return found[0] if found else None


def judged(data: Any, policy: Policy, surroundings: Surroundings, prices: Prices, answer: int) -> Judged:
    """`answer` is how many tokens of output to reckon with where a row has no measured cost."""
    row = row_of(data)
    started = thread_time_ns()
    features = measure(row.request, policy)
    signals = compute_routing_signals(features, policy, surroundings)
    elapsed = (thread_time_ns() - started) / 1_000
    decision = decide_automatically(features, policy, surroundings, WITHOUT_PHASE_2)
    return Judged(
        source=row.source,
        has_tools=bool(row.request.tools),
        label=row.label,
        band=signals.band,
        tier=_tier_of(decision),
        phase1_us=elapsed,
        costs={tier: _cost(row.costs.get(tier), features, prices(tier), answer) for tier in LADDER},
        outcomes=row.outcomes,
        good_from=row.good_from,
    )


def _tier_of(decision: object) -> Tier:
    assert isinstance(decision, RoutingDecision)  # with a verdict at hand none is asked for
    assert decision.tier is not None  # automatic decisions stay on the ladder
    return decision.tier


def _cost(measured: float | None, features: Features, price: Price | None, answer: int) -> Decimal | None:
    if measured is not None:
        return Decimal(str(measured))
    tokens = features.estimated_tokens + features.tool_tokens
    return None if price is None else cost_of(Usage(fresh_input_tokens=tokens, output_tokens=answer), price)
