"""Labelled requests, each with what a policy makes of it. Phase 1 alone."""

import json
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
    RoutingRequest,
    Surroundings,
    Tier,
    Usage,
    Verdict,
)

Prices = Callable[[Tier], Price | None]
WITHOUT_PHASE_2 = Verdict(None, error="skipped:evaluation")


class UnreadableRowError(Exception):
    """A row that is not a labelled request; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One row and what the policy makes of it. `label` is None where no tier was good enough.

    `outcomes` say how good each tier's answer was, from 0 to 1, and `good_from` from where on it was good enough.
    """

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
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            yield judged(json.loads(line), policy, Surroundings(local=local), book.__getitem__, answer)
        except (json.JSONDecodeError, RecursionError, UnreadableRowError) as exc:
            raise UnreadableRowError(f"line {number}: {exc}") from exc


def price_of(tier: Tier, policy: Policy) -> Price | None:
    found = prices.current().find(PROVIDER_OF[tier], policy.models[tier])
    return found[0] if found else None


def judged(row: Mapping[str, Any], policy: Policy, surroundings: Surroundings, prices: Prices, answer: int) -> Judged:
    """`answer` is how many tokens of output to reckon with where a row has no measured cost."""
    try:
        request = RoutingRequest(row["messages"], row.get("tools") or ())
        label = None if row.get("none_good") else Tier(row["label_tier"])
        source = str(row["source"])
        outcomes, good_from = _outcomes(row.get("outcomes")), row.get("good_threshold")
        _refuse_what_is_no_conversation(request)
    except (KeyError, ValueError, TypeError, AttributeError) as exc:
        raise UnreadableRowError(f"not a labelled request: {exc!r}") from exc
    started = thread_time_ns()
    features = measure(request, policy)
    signals = compute_routing_signals(features, policy, surroundings)
    elapsed = (thread_time_ns() - started) / 1_000
    decision = decide_automatically(features, policy, surroundings, WITHOUT_PHASE_2)
    return Judged(
        source=source,
        has_tools=bool(request.tools),
        label=label,
        band=signals.band,
        tier=_tier_of(decision),
        phase1_us=elapsed,
        costs={tier: _cost(tier, row.get("cost_usd"), features, prices(tier), answer) for tier in LADDER},
        outcomes=outcomes,
        good_from=None if good_from is None else float(good_from),
    )


def _refuse_what_is_no_conversation(request: RoutingRequest) -> None:
    for listed in (request.messages, request.tools):
        if isinstance(listed, str | Mapping) or not all(isinstance(each, Mapping) for each in listed):
            raise TypeError("messages and tools are lists of objects")


def _outcomes(given: Mapping[str, float | None] | None) -> dict[Tier, float]:
    """What is known."""
    return {Tier(name): float(score) for name, score in (given or {}).items() if score is not None}


def _tier_of(decision: object) -> Tier:
    assert isinstance(decision, RoutingDecision)  # with a verdict at hand none is asked for
    assert decision.tier is not None  # automatic decisions stay on the ladder
    return decision.tier


def _cost(
    tier: Tier, measured: Mapping[str, float] | None, features: Features, price: Price | None, answer: int
) -> Decimal | None:
    if measured and measured.get(tier) is not None:
        return Decimal(str(measured[tier]))
    tokens = features.estimated_tokens + features.tool_tokens
    return None if price is None else cost_of(Usage(fresh_input_tokens=tokens, output_tokens=answer), price)
