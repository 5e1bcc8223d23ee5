"""How a policy routes labelled requests: coverage, accuracy, confusion, latency, cost. Phase 1 alone."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from time import thread_time_ns
from typing import Any

from routing.engine.decide import compute_routing_signals, decide_automatically
from routing.engine.features import Features, measure
from routing.engine.pricing import cost_of
from routing.engine.types import (
    LADDER,
    Band,
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
SHARES = {"p50": 0.5, "p99": 0.99, "p99.9": 0.999}


class UnreadableRowError(Exception):
    """A row that is not a labelled request; the message says what is missing."""


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

    @property
    def is_decided(self) -> bool:
        return self.band is not Band.AMBIGUOUS


@dataclass(frozen=True, slots=True)
class Figures:
    """`graded` rows have a label. `tiers_right` are those of the decided whose tier is the label's."""

    rows: int
    graded: int
    decided: int
    decided_graded: int
    sides_right: int
    tiers_right: int
    called_local: int
    local_right: int


def judged(row: Mapping[str, Any], policy: Policy, surroundings: Surroundings, prices: Prices, answer: int) -> Judged:
    """`answer` is how many tokens of output to reckon with where a row has no measured cost."""
    try:
        request = RoutingRequest(row["messages"], row.get("tools") or ())
        label = None if row.get("none_good") else Tier(row["label_tier"])
        source = str(row["source"])
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
    )


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


def figures(rows: Sequence[Judged]) -> Figures:
    graded = [row for row in rows if row.label is not None]
    decided = [row for row in graded if row.is_decided]
    local = [row for row in decided if row.band is Band.LOCAL]
    return Figures(
        rows=len(rows),
        graded=len(graded),
        decided=sum(row.is_decided for row in rows),
        decided_graded=len(decided),
        sides_right=sum((row.band is Band.LOCAL) == (row.label is Tier.LOCAL) for row in decided),
        tiers_right=sum(row.tier is row.label for row in decided),
        called_local=len(local),
        local_right=sum(row.label is Tier.LOCAL for row in local),
    )


def grouped(rows: Iterable[Judged]) -> dict[str, list[Judged]]:
    """All rows, those with and without tools, and those of each source."""
    rows = list(rows)
    groups = {"all": rows}
    groups["with tools"] = [row for row in rows if row.has_tools]
    groups["without tools"] = [row for row in rows if not row.has_tools]
    for source in sorted({row.source for row in rows}):
        groups[source] = [row for row in rows if row.source == source]
    return groups


def confusion(rows: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """Labels to what was decided; what was left open stands under AMBIGUOUS."""
    pairs = Counter((row.label, row.tier if row.is_decided else Band.AMBIGUOUS) for row in rows if row.label)
    return {label: {given: pairs[label, given] for given in (*LADDER, Band.AMBIGUOUS)} for label in LADDER}


def latency(rows: Iterable[Judged]) -> dict[str, float]:
    """Microseconds of CPU time of the thread."""
    times = sorted(row.phase1_us for row in rows)
    return {name: round(times[min(len(times) - 1, int(len(times) * share))], 1) for name, share in SHARES.items()}


def costs(rows: Sequence[Judged]) -> dict[str, Decimal | None]:
    """What the rows would cost as routed, and all on sonnet or on opus; None where a price is not known."""
    return {
        "as routed": _total(row.costs[row.tier] for row in rows),
        "all sonnet": _total(row.costs[Tier.SONNET] for row in rows),
        "all opus": _total(row.costs[Tier.OPUS] for row in rows),
    }


def _total(parts: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for part in parts:
        if part is None:
            return None
        total += part
    return total


def report(rows: Sequence[Judged]) -> dict[str, Any]:
    """Everything in plain values."""
    return {
        "groups": {name: as_shares(figures(group)) for name, group in grouped(rows).items()},
        "confusion": confusion(rows),
        "phase1_us": latency(rows),
        "cost_usd": {name: None if cost is None else float(round(cost, 4)) for name, cost in costs(rows).items()},
    }


def as_shares(found: Figures) -> dict[str, float | int | None]:
    return {
        "rows": found.rows,
        "graded": found.graded,
        "coverage": _share(found.decided, found.rows),
        "decided_graded": found.decided_graded,
        "accuracy_sides": _share(found.sides_right, found.decided_graded),
        "accuracy_tiers": _share(found.tiers_right, found.decided_graded),
        "called_local": found.called_local,
        "local_precision": _share(found.local_right, found.called_local),
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
