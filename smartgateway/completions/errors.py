"""What can go wrong on the path, in words for a client. The api renders these in each face's own shape."""

import logging
from collections.abc import Mapping
from typing import Literal

import msgspec

from audit.recording import AuditUnavailableError
from routing.engine.types import (
    ContradictionError,
    LocalOnlyError,
    RoutingRefusedError,
    TierNotAllowedError,
    TierNotConfiguredError,
    UnknownModelError,
)
from routing.policies import PolicyMissingError
from routing.prices import PricesMissingError
from routing.providers.base import (
    NO_HEADERS,
    ProviderError,
    ProviderMisconfiguredError,
    ProviderRejectedError,
    ProviderTimeoutError,
    RateLimitedError,
)

logger = logging.getLogger(__name__)


class GatewayError(Exception):
    """`status` is HTTP's; `type` and `code` are OpenAI's words; `retry_after` is in seconds.

    `should_retry` is sent as `x-should-retry` where it is not None: the official clients obey it.
    """

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        type: str = "invalid_request_error",
        param: str | None = None,
        retry_after: float | None = None,
        should_retry: bool | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.type = type
        self.param = param
        self.retry_after = retry_after
        self.should_retry = should_retry
        self.decision_id: bytes | None = None  # set once a decision is recorded for the request
        self.upstream_request_id = ""
        self.upstream_body = b""  # for a client that speaks the upstream's dialect
        self.upstream_limits: Mapping[str, str] = NO_HEADERS  # likewise


class BadRequestError(GatewayError):
    def __init__(self, message: str, *, code: str = "invalid_request", param: str | None = None) -> None:
        super().__init__(400, code, message, param=param)


STATUS_OF_REFUSAL: dict[type[RoutingRefusedError], int] = {
    UnknownModelError: 404,
    ContradictionError: 400,
    LocalOnlyError: 403,
    TierNotAllowedError: 403,
    TierNotConfiguredError: 503,
}


def from_refusal(exc: RoutingRefusedError) -> GatewayError:
    status = STATUS_OF_REFUSAL.get(type(exc), 400)
    kind = "api_error" if status == 503 else "permission_error" if status == 403 else "invalid_request_error"
    return GatewayError(
        status, exc.code, exc.message, type=kind, param="model", should_retry=False if status == 503 else None
    )


class AnthropicError(msgspec.Struct):
    type: Literal["error"]
    error: dict[str, object]


def from_provider(exc: ProviderError, dialect: str = "openai") -> GatewayError:
    """Between client and upstream of Anthropic's dialect, status, body and limits stay what the upstream said."""
    error = translated(exc)
    error.upstream_request_id = exc.upstream_request_id
    error.upstream_limits = exc.limits if dialect == "anthropic" else NO_HEADERS
    if dialect == "anthropic" and exc.status is not None and is_anthropic(exc.body):
        error.status, error.upstream_body = exc.status, exc.body
    return error


def is_anthropic(body: bytes) -> bool:
    try:
        msgspec.json.decode(body, type=AnthropicError)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True


def translated(exc: ProviderError) -> GatewayError:
    """Our key's trouble is never the client's 401; 529 becomes 503 because OpenAI clients do not know it."""
    if isinstance(exc, RateLimitedError):
        if exc.status == 429:
            return GatewayError(
                429,
                "rate_limit_exceeded",
                exc.message,
                type="rate_limit_error",
                retry_after=exc.retry_after,
                should_retry=False if exc.kind == "spend_limit_reached" else None,
            )
        return GatewayError(503, "overloaded", exc.message, type="api_error", retry_after=exc.retry_after or 5)
    if isinstance(exc, ProviderRejectedError):
        status = exc.status if exc.status in (400, 404, 413, 422) else 400
        code = "model_not_found" if status == 404 else exc.kind
        return GatewayError(status, code, exc.message)
    if isinstance(exc, ProviderMisconfiguredError):
        return GatewayError(
            502,
            "upstream_misconfigured",
            f"The gateway's access to this model is refused. An admin has to look at {variables_of(exc)}.",
            type="api_error",
            should_retry=False,
        )
    if isinstance(exc, ProviderTimeoutError):
        return GatewayError(504, "upstream_timeout", exc.message, type="api_error")
    return GatewayError(502, exc.kind, exc.message, type="api_error", retry_after=exc.retry_after)


def variables_of(exc: ProviderMisconfiguredError) -> str:
    """The settings that may be wrong where an upstream refuses us, or answers with a page."""
    if exc.kind == "cloudflare_access":
        return "LOCAL_CF_ACCESS_CLIENT_ID and LOCAL_CF_ACCESS_CLIENT_SECRET"
    address, key = VARIABLES.get(exc.provider_name, ("its address", "its key"))
    return key if exc.kind in ("not_authorized", "billing") else address


VARIABLES = {
    "local": ("LOCAL_LLM_BASE_URL", "LOCAL_LLM_API_KEY"),
    "anthropic": ("ANTHROPIC_BASE_URL", "ANTHROPIC_API_KEY"),
}


def audit_unavailable() -> GatewayError:
    return GatewayError(
        503,
        "audit_unavailable",
        "The gateway cannot record requests at the moment, so it answers none. Try again shortly.",
        type="api_error",
        retry_after=5,
    )


def as_gateway_error(exc: Exception, dialect: str = "openai") -> GatewayError:
    """Any failure on the path in words for the client; what nobody foresaw is logged whole."""
    if isinstance(exc, GatewayError):
        return exc
    if isinstance(exc, ProviderError):
        return from_provider(exc, dialect)
    if isinstance(exc, AuditUnavailableError):
        return audit_unavailable()
    if isinstance(exc, RecursionError):  # whoever walks through a body goes as deep as it does
        return BadRequestError("The body is nested too deeply.")
    if isinstance(exc, PolicyMissingError):
        return GatewayError(503, "policy_missing", f"The gateway cannot route: {exc}.", type="api_error", retry_after=5)
    if isinstance(exc, PricesMissingError):
        return GatewayError(503, "prices_missing", f"The gateway cannot count: {exc}.", type="api_error", retry_after=5)
    logger.error("A request failed", exc_info=exc)
    return internal_error()


def internal_error() -> GatewayError:
    return GatewayError(500, "internal_error", "The gateway failed. Its log says more.", type="api_error")
