"""One request really sent to several tiers at once, down the ordinary path: decided by name, recorded and paid for."""

import asyncio
import time
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import Q

from routing import connections, policies, prices
from routing.engine.features import Features
from routing.engine.pricing import cost_of
from routing.engine.types import LADDER, PROVIDER_OF, Tier, Usage
from routing.providers.base import Answer
from smartgateway.completions import path
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Ask, Exchange
from smartgateway.completions.fallback import Candidate, serving
from smartgateway.keys.models import ApiKey
from smartgateway.keys.snapshots import KeySnapshot
from smartgateway.workbench.playground.pasted import Pasted

FACE = "playground"
TAG = "playground"
MOST_ANSWER_TOKENS = 4_096
ANSWER_TOKENS = 512
MOST_KEYS = 50
OURS = frozenset({"model", "provider", "stream", "stream_options", "max_tokens", "max_completion_tokens", "n"})


@dataclass(frozen=True, slots=True)
class Price:
    """What a tier's answer can cost at most; None where its price is not known."""

    tier: Tier
    model: str
    most: Decimal | None


@dataclass(frozen=True, slots=True)
class Reply:
    """`problem` says why there is no text; a `cost` of None is unknown, not free."""

    tier: Tier
    seconds: float
    problem: str = ""
    text: str = ""
    model: str = ""
    input_tokens: int = 0
    output_tokens: int = 0
    cost: Decimal | None = None
    decision_id: UUID | None = None


def keys_of(user: AbstractBaseUser | AnonymousUser) -> list[ApiKey]:
    """With which an admin may ask: their own keys and those of their teams; a superuser's are all."""
    usable = ApiKey.objects.usable().select_related("team").order_by("team__name", "name")
    if not getattr(user, "is_superuser", False):
        usable = usable.filter(Q(owner_id=user.pk) | Q(team__memberships__user_id=user.pk)).distinct()
    return list(usable[:MOST_KEYS])


def own_limit(body: dict[str, Any]) -> int | None:
    """How long an answer the request itself asks for, as far as it is sent from here."""
    asked = body.get("max_completion_tokens") or body.get("max_tokens")
    return min(asked, MOST_ANSWER_TOKENS) if isinstance(asked, int) and asked > 0 else None


def prices_of(features: Features, answer_tokens: int) -> list[Price]:
    """For each tier that has a provider."""
    policy = policies.current()
    tokens = features.estimated_tokens + features.tool_tokens
    usage = Usage(fresh_input_tokens=tokens, output_tokens=answer_tokens)
    found = []
    for tier in LADDER:
        if connections.provider(PROVIDER_OF[tier]):
            asked = Candidate(tier, PROVIDER_OF[tier], policy.models[tier])
            served = serving(asked, policy, connections.served_local_model)
            price = prices.current().find(served.provider_name, served.model)
            found.append(Price(tier, served.model, cost_of(usage, price[0]) if price else None))
    return found


async def replies(pasted: Pasted, key: KeySnapshot, tiers: Iterable[Tier], answer_tokens: int) -> list[Reply]:
    """In the order of the tiers, however long each takes."""
    assert pasted.body is not None
    body = {name: value for name, value in pasted.body.items() if name not in OURS}
    body |= {"model": "auto", "max_tokens": answer_tokens}
    return list(await asyncio.gather(*[_reply(body, pasted, key, tier) for tier in tiers]))


async def _reply(body: dict[str, Any], pasted: Pasted, key: KeySnapshot, tier: Tier) -> Reply:
    asked = replace(pasted.options, tier=str(tier), provider="", tags=(TAG,))
    ask, started = Ask(key, FACE, body, asked, is_stream=False), time.perf_counter()
    try:
        answered = await path.complete(ask)
    except GatewayError as exc:
        recorded = UUID(bytes=exc.decision_id) if exc.decision_id else None
        return Reply(tier, time.perf_counter() - started, problem=exc.message, decision_id=recorded)
    return _told(tier, answered.exchange, answered.answer, time.perf_counter() - started)


def _told(tier: Tier, exchange: Exchange, answer: Answer, seconds: float) -> Reply:
    usage, cost = exchange.usage(is_complete=True) or Usage(), exchange.attempts[-1].cost
    return Reply(
        tier=tier,
        seconds=seconds,
        text=text_of(answer.completion),
        model=answer.account.response_model or (exchange.served.model if exchange.served else ""),
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost=None if cost is None else Decimal(cost),
        decision_id=UUID(bytes=exchange.id),
    )


def text_of(completion: Any) -> str:
    """What a person would read of an answer, tool calls by their names."""
    message = (completion or {}).get("choices", [{}])[0].get("message", {})
    calls = [call["function"]["name"] for call in message.get("tool_calls") or ()]
    called = f"[calls {', '.join(calls)}]" if calls else ""
    return "\n".join(part for part in (message.get("content"), called) if part)
