"""Recorded requests down the real path again, one after another: routed only, or called and recorded as well."""

from collections.abc import AsyncGenerator, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from routing import prices
from routing.engine.pricing import cost_of
from routing.engine.types import LADDER, PROVIDER_OF, Tier, Usage
from routing.evaluation import Judged, UnreadableRowError
from smartgateway.completions import costs, path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Ask, Exchange, Options
from smartgateway.keys.snapshots import KeySnapshot

FACE = "replay"


@dataclass(frozen=True, slots=True)
class Replayed:
    """`judged` is None where nothing could serve; `cost` is what was really spent, None where it is unknown."""

    judged: Judged | None
    phase: str = ""
    error: str = ""
    cost: Decimal | None = None


async def replayed(
    rows: Iterable[Mapping[str, Any]], key: KeySnapshot, *, is_called: bool, answer_tokens: int
) -> AsyncGenerator[Replayed, None]:
    """`answer_tokens` is the output to reckon with where nothing is called."""
    for row in rows:
        ask = ask_of(row, key)
        try:
            exchange = (await path.complete(ask)).exchange if is_called else await path.decided(ask)
        except GatewayError as exc:
            yield Replayed(None, error=exc.code)
            continue
        yield Replayed(
            judged=judged(row, exchange, answer_tokens),
            phase=exchange.routed.decision.phase,
            cost=spent(exchange),
        )


def ask_of(row: Mapping[str, Any], key: KeySnapshot) -> Ask:
    if not isinstance(row, Mapping) or not isinstance(row.get("messages"), list):
        raise UnreadableRowError("not a request: it has no messages")
    body = {"model": row.get("model") or "auto", "messages": row["messages"]}
    if row.get("tools"):
        body["tools"] = row["tools"]
    return Ask(key, FACE, body, Options(tags=("replay",)), is_stream=False)


def judged(row: Mapping[str, Any], exchange: Exchange, answer_tokens: int) -> Judged:
    routed = exchange.routed
    label = row.get("label_tier")
    tokens = routed.features.estimated_tokens + routed.features.tool_tokens
    usage = Usage(fresh_input_tokens=tokens, output_tokens=answer_tokens)
    return Judged(
        source=str(row.get("source") or "recorded"),
        has_tools=bool(row.get("tools")),
        label=Tier(label) if label in list(LADDER) and not row.get("none_good") else None,
        band=routed.signals.band,
        tier=routed.decision.tier or Tier.SONNET,
        phase1_us=0.0,
        costs={tier: _cost(tier, routed.policy.models[tier], usage) for tier in LADDER},
    )


def _cost(tier: Tier, model: str, usage: Usage) -> Decimal | None:
    found = prices.current().find(PROVIDER_OF[tier], model)
    return cost_of(usage, found[0]) if found else None


def spent(exchange: Exchange) -> Decimal | None:
    """As the record says it."""
    known = costs.spent(exchange.attempts)
    return None if known is None else Decimal(known)
