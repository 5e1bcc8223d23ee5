"""Attempts: which candidate is called, what is tried once more, and what goes upstream."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Protocol, TypeVar

from django.conf import settings

from audit import recording
from audit.records import AttemptRecord
from routing import connections
from routing.breakers import breaker
from routing.engine.types import Phase, Tier
from routing.providers.base import (
    NO_HEADERS,
    Account,
    Call,
    Provider,
    ProviderError,
    ProviderRejectedError,
    RateLimitedError,
    Timeouts,
)
from smartgateway.completions.errors import GatewayError, from_provider
from smartgateway.completions.exchange import Exchange, note_failure
from smartgateway.completions.fallback import Candidate
from smartgateway.completions.passing import members, rewritten

SLOT_WAIT_SECONDS = 2.0  # for a local slot, when another candidate could serve
LAST_SLOT_WAIT_SECONDS = 30.0  # when none could
LONGEST_RETRY_WAIT_SECONDS = 2.0
CLAUDE_TIMEOUTS = Timeouts(first_byte=settings.UPSTREAM_FIRST_BYTE_SECONDS)
LOCAL_TIMEOUTS = replace(CLAUDE_TIMEOUTS, between_bytes=settings.LOCAL_LLM_TIMEOUT_SECONDS)
TOOL_MEMBERS = ("tools", "tool_choice", "parallel_tool_calls")
OWN_MEMBERS = ("provider",)


class Answering(Protocol):
    @property
    def account(self) -> Account: ...


A = TypeVar("A", bound=Answering)
Opener = Callable[[Provider, Call], Awaitable[A]]


async def first_that_serves(exchange: Exchange, queue: Iterable[Candidate], open_answer: Opener[A]) -> A:
    """The first candidate's answer, with one retry each before the first byte; raises `GatewayError`."""
    failure: ProviderError | None = None
    causes: list[str] = []
    for candidate in queue:
        name = candidate.name or candidate.model
        cause = await blocked(exchange, candidate)
        if cause:
            exchange.skip(cause)
            causes.append(f"{name}:{cause}")
            continue
        exchange.fallback_causes = list(causes)  # why it is this one's turn
        try:
            return await called(exchange, candidate, open_answer)
        except ProviderError as exc:
            exchange.release_slot()
            failure = exc
            causes.append(f"{name}:{exc.kind}")
            if is_final(exc, candidate):
                break
    if failure is not None:
        raise from_provider(failure, exchange.ask.dialect) from failure
    raise unable(exchange, causes)


async def called(exchange: Exchange, candidate: Candidate, open_answer: Opener[A]) -> A:
    """One candidate, tried at most twice; each try is durable as intent before its call."""
    provider = connections.provider(candidate.provider_name)
    assert provider is not None  # `blocked` has looked
    tries = 0
    while True:
        tries += 1
        intent = exchange.take_first_intent()
        if intent is None:
            intent = exchange.intend(candidate)
            await recording.intended(intent)
        attempt = exchange.begin(intent)
        try:
            return await one_call(exchange, candidate, attempt, provider, open_answer)
        except ProviderError as exc:
            if tries == 2 or not exc.is_retryable or (exc.retry_after or 0) > LONGEST_RETRY_WAIT_SECONDS:
                raise
            await asyncio.sleep(exc.retry_after or 0.1)


async def one_call(
    exchange: Exchange, candidate: Candidate, attempt: AttemptRecord, provider: Provider, open_answer: Opener[A]
) -> A:
    state = breaker(candidate.provider_name)
    exchange.called_at = started = time.perf_counter()
    try:
        answer = await open_answer(provider, prepared(exchange, candidate, attempt, provider))
    except ProviderError as exc:
        note_failure(attempt, exc, time.perf_counter() - started)
        if isinstance(exc, ProviderRejectedError):
            state.succeeded()  # it is well enough to say no
        elif not isinstance(exc, RateLimitedError):
            state.failed()
        raise
    except BaseException:
        attempt.error_type, attempt.duration = "cancelled", time.perf_counter() - started
        raise
    finally:
        exchange.upstream_waited += time.perf_counter() - started
    state.succeeded()
    exchange.served, exchange.account = candidate, answer.account
    exchange.dropped_params += answer.account.dropped_params
    if provider.dialect != exchange.ask.dialect:
        exchange.dropped_params += exchange.ask.lost()
    return answer


def prepared(exchange: Exchange, candidate: Candidate, attempt: AttemptRecord, provider: Provider) -> Call:
    """What goes upstream. Tools that `auto` took away from a local model are named as dropped."""
    ask, routed = exchange.ask, exchange.routed
    body: Mapping[str, Any] = ask.body
    gone: tuple[str, ...] = OWN_MEMBERS
    if routed.remove_tools and candidate.provider_name == "local":
        gone += TOOL_MEMBERS
        exchange.dropped_params += [name for name in TOOL_MEMBERS if name in body]
        body = {name: value for name, value in body.items() if name not in gone}
    is_rewritten = routed.request.messages is not body["messages"]
    if is_rewritten:
        body = {**body, "messages": routed.request.messages}
    raw = None
    if provider.dialect == ask.dialect and ask.raw:
        raw = members(ask.raw, gone)
        if is_rewritten:
            raw["messages"] = rewritten(raw["messages"], ask.dialect, routed)
    return Call(
        model=candidate.model,
        body=body,
        attempt_id=attempt.id.hex(),
        dialect=ask.dialect,
        raw=raw,
        timeouts=LOCAL_TIMEOUTS if candidate.provider_name == "local" else CLAUDE_TIMEOUTS,
        headers=ask.headers if raw is not None and ask.headers else NO_HEADERS,
        is_beta=ask.is_beta,
        caches=routed.policy.switches.get("automatic_prompt_caching", True),
    )


async def blocked(exchange: Exchange, candidate: Candidate) -> str:
    """Why this candidate cannot be called now ("" when it can). A local slot is held from here on."""
    if exchange.routed.request.local_only and candidate.provider_name != "local":
        return "local_only"
    if connections.provider(candidate.provider_name) is None:
        return "not_configured"
    if not breaker(candidate.provider_name).allows():
        return "breaker_open"
    if candidate.provider_name == "local":
        if not await slot_acquired(exchange):
            return "no_capacity"
        exchange.holds_slot = True
    return ""


async def slot_acquired(exchange: Exchange) -> bool:
    if exchange.lane is not None:
        return await exchange.lane.slots.acquire(exchange.lane.wait_seconds)
    wait = SLOT_WAIT_SECONDS if may_go_elsewhere(exchange) else LAST_SLOT_WAIT_SECONDS
    return await connections.local_slots.acquire(wait)


def may_go_elsewhere(exchange: Exchange) -> bool:
    routed = exchange.routed
    is_bound = routed.decision.phase is Phase.EXPLICIT or routed.request.local_only
    others = routed.surroundings.configured & routed.surroundings.allowed_tiers
    return not is_bound and Tier.SONNET in others


def is_final(exc: ProviderError, candidate: Candidate) -> bool:
    """A refused request is the client's to mend, unless another model may have what this one lacks."""
    may_fit_elsewhere = candidate.provider_name == "local" or exc.kind == "model_not_found"
    return isinstance(exc, ProviderRejectedError) and not may_fit_elsewhere


def unable(exchange: Exchange, found: list[str]) -> GatewayError:
    """Nobody was called: say what is missing."""
    causes = {cause.rsplit(":", 1)[1] for cause in found}
    chosen = exchange.routed.decision
    if causes <= {"not_configured", "local_only"}:
        variable = "LOCAL_LLM_BASE_URL" if chosen.provider == "local" else "ANTHROPIC_API_KEY"
        return GatewayError(
            503,
            "tier_not_configured",
            f"The model {chosen.model} cannot be served: set {variable} for the gateway.",
            type="api_error",
            should_retry=False,
        )
    explicit = "" if chosen.phase is not Phase.EXPLICIT else " It was asked for explicitly."
    return GatewayError(
        503,
        "no_capacity" if "no_capacity" in causes else "upstream_unavailable",
        f"{chosen.model} cannot answer at the moment ({', '.join(sorted(causes))}).{explicit}",
        type="api_error",
        retry_after=5,
    )
