"""The end of every request: its outcome becomes durable, exactly once, before the answer's end is sent."""

import asyncio
import logging

from audit import recording
from audit.recording import AuditUnavailableError
from routing import sessions
from routing.engine.types import Tier
from smartgateway.completions import recorded, signs
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Exchange

CLIENT_GONE = "client_gone"
logger = logging.getLogger(__name__)


async def answered(exchange: Exchange) -> None:
    await settled(exchange, status="answered", http_status=200, error_type="", is_complete=True)
    remember_session(exchange)
    signs.remember(exchange)


async def failed(exchange: Exchange, exc: BaseException) -> None:
    """Whatever ended the request; a cancelled one is a client that hung up, or a server that stops."""
    if isinstance(exc, asyncio.CancelledError | GeneratorExit):
        is_stopped = bool(exc.args) and exc.args[0] != CLIENT_GONE
        status, http_status, error_type = "aborted", 499, "gateway_stopped" if is_stopped else CLIENT_GONE
    elif isinstance(exc, GatewayError):
        is_refused = exc.status in (403, 429) and not exchange.attempts
        status, http_status, error_type = "refused" if is_refused else "failed", exc.status, exc.code
    else:
        status, http_status, error_type = "failed", 500, "internal_error"
    await settled(exchange, status=status, http_status=http_status, error_type=error_type, is_complete=False)


async def refused(exchange: Exchange, error: GatewayError) -> None:
    await settled(exchange, status="refused", http_status=error.status, error_type=error.code, is_complete=False)


async def failed_or_logged(exchange: Exchange, error: GatewayError) -> None:
    """As `failed`, for a request whose error is on its way to the client whatever the record does."""
    try:
        await failed(exchange, error)
    except AuditUnavailableError:
        logger.error("The outcome of %s could not be recorded", exchange.id.hex())


async def settled(exchange: Exchange, *, status: str, http_status: int, error_type: str, is_complete: bool) -> None:
    if exchange.is_settled or not exchange.is_recorded:
        return
    exchange.is_settled = True
    exchange.release_slot()
    exchange.skip(error_type)
    outcome = recorded.outcome(
        exchange, status=status, http_status=http_status, error_type=error_type, is_complete=is_complete
    )
    if error_type == "audit_unavailable":
        recording.left(outcome)
    elif status == "aborted":
        await asyncio.shield(recording.settled(outcome))
    else:
        await recording.settled(outcome)


def remember_session(exchange: Exchange) -> None:
    """The conversation's tier for its next turn: what served it, and whether tools ran."""
    served, features = exchange.served, exchange.routed.features
    if served is None or not exchange.session_key:
        return
    tier = Tier.LOCAL if served.provider_name == "local" else Tier.OPUS if served.name == Tier.OPUS else Tier.SONNET
    used_tools = bool(features.tool_loop) or (
        exchange.account is not None and exchange.account.finish_reason == "tool_calls"
    )
    if tier is Tier.LOCAL and not used_tools and exchange.routed.surroundings.session is None:
        return  # it holds nothing
    idle_seconds = exchange.routed.policy.thresholds["session_idle_seconds"]
    sessions.remember(exchange.session_key, tier, used_tools, idle_seconds=idle_seconds)
