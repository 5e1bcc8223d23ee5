"""The one path of every answer: decide, record, admit, call, relay, settle."""

from collections.abc import AsyncGenerator, Iterator
from itertools import chain
from typing import NamedTuple, TypeVar

from audit import recording
from audit.recording import AuditUnavailableError
from routing import connections, policies, sessions
from routing.engine.types import RoutingRefusedError, RoutingRequest, Surroundings
from routing.providers.base import Answer, Call, Provider
from routing.route import refused_as, route_request
from smartgateway.completions import calling, recorded, settle
from smartgateway.completions.admission import admit
from smartgateway.completions.errors import GatewayError, as_gateway_error, from_refusal
from smartgateway.completions.exchange import Ask, Exchange
from smartgateway.completions.fallback import Candidate, candidates
from smartgateway.completions.relay import Opened, Renderer, opened, relayed

A = TypeVar("A", Answer, Opened)


class Answered(NamedTuple):
    exchange: Exchange
    answer: Answer


class Streaming(NamedTuple):
    exchange: Exchange
    events: AsyncGenerator[bytes, None]


async def complete(ask: Ask) -> Answered:
    """A whole answer; its outcome is durable when this returns. Raises `GatewayError`."""
    return await completed(await accepted(ask), open_whole)


async def completed(exchange: Exchange, open_answer: calling.Opener[Answer]) -> Answered:
    answer = await called(exchange, open_answer)
    try:
        await settle.answered(exchange)
    except AuditUnavailableError as exc:
        raise as_gateway_error(exc) from exc
    return Answered(exchange, answer)


async def stream(ask: Ask, render: Renderer) -> Streaming:
    """An open stream: nothing was sent yet, so that what fails before the first byte has its real status."""
    return await streamed(await accepted(ask), render, opened)


async def streamed(exchange: Exchange, render: Renderer, open_answer: calling.Opener[Opened]) -> Streaming:
    answer = await called(exchange, open_answer)
    return Streaming(exchange, relayed(exchange, answer, render))


async def accepted(ask: Ask) -> Exchange:
    """Decided, or refused: then the refusal is recorded as a decision with its outcome."""
    try:
        return await decided(ask)
    except GatewayError as error:
        if isinstance(error.__cause__, RoutingRefusedError):
            await record_refused(ask, error.__cause__, error)
        raise


async def record_refused(ask: Ask, cause: RoutingRefusedError, error: GatewayError) -> None:
    session_key, surroundings = await situation(ask)
    exchange = Exchange(ask, refused_as(cause, routing_request(ask), policies.current(), surroundings), session_key)
    try:
        await recorded_decision(exchange)
        error.decision_id = exchange.id
        await settle.refused(exchange, error)
    except AuditUnavailableError as exc:
        unavailable = as_gateway_error(exc)
        await settle.failed_or_logged(exchange, unavailable)
        raise unavailable from exc


async def situation(ask: Ask) -> tuple[str, Surroundings]:
    """The conversation's key, and what the rules may know of the world."""
    messages = ask.body["messages"]
    session_key = sessions.session_key(ask.options.session, ask.key.team_id, messages)
    has_past = sessions.can_continue(ask.options.session, messages)
    session = await sessions.recall(session_key) if has_past else None
    return session_key, connections.surroundings(session=session, allowed_tiers=ask.key.allowed_tiers)


async def decided(ask: Ask, *, ask_classifier: bool = True) -> Exchange:
    """Phases 1 and 2; nothing is recorded yet."""
    session_key, surroundings = await situation(ask)
    try:
        routed = await route_request(
            routing_request(ask),
            policy=policies.current(),
            surroundings=surroundings,
            ask_classifier=ask_classifier,
        )
    except RoutingRefusedError as exc:
        raise from_refusal(exc) from exc
    exchange = Exchange(ask, routed, session_key)
    if ask.dropped:
        exchange.dropped_params += ask.dropped
    return exchange


def routing_request(ask: Ask) -> RoutingRequest:
    body, options = ask.body, ask.options
    return RoutingRequest(
        messages=body["messages"],
        tools=body.get("tools") or (),
        requested_model=body.get("model") or "",
        requested_provider=options.provider,
        requested_tier=options.tier,
        min_tier=options.min_tier,
        local_only=options.local_only or ask.key.local_only,
        session_id=options.session,
    )


async def called(exchange: Exchange, open_answer: calling.Opener[A]) -> A:
    """Record, admit, call. Every failure is settled before it is raised as a `GatewayError`."""
    others = candidates_of(exchange)
    chosen = next(others)
    if connections.provider(chosen.provider_name):
        exchange.first_intent = exchange.intend(chosen)
    try:
        await recorded_decision(exchange)
        exchange.rate_limit = await admit(exchange.ask.key)
        return await calling.first_that_serves(exchange, chain((chosen,), others), open_answer)
    except Exception as exc:
        error = as_gateway_error(exc)
        if exchange.is_recorded:
            error.decision_id = exchange.id
        await settle.failed_or_logged(exchange, error)
        raise error from exc
    except BaseException as exc:
        await settle.failed(exchange, exc)
        raise


async def recorded_decision(exchange: Exchange) -> None:
    """From here on the exchange owes an outcome, even if the client leaves while the record is being synced."""
    exchange.is_recorded = True
    try:
        await recording.decided(recorded.decision(exchange))
    except Exception as exc:
        exchange.is_recorded = isinstance(exc, AuditUnavailableError) and exc.is_kept
        raise


def candidates_of(exchange: Exchange) -> Iterator[Candidate]:
    routed = exchange.routed
    return candidates(
        routed.decision,
        policy=routed.policy,
        surroundings=routed.surroundings,
        features=routed.features,
        local_only=routed.request.local_only,
        served_local_model=connections.served_local_model,
    )


async def open_whole(provider: Provider, call: Call) -> Answer:
    return await provider.complete(call)
