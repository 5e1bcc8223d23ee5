"""Domain errors in each protocol's own shape."""

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse
from rest_framework.exceptions import APIException

from smartgateway.api.headers import ascii_of
from smartgateway.completions.errors import BadRequestError, GatewayError, as_gateway_error
from smartgateway.keys.errors import KeyRefusedError, KeysUnavailableError

encode = msgspec.json.Encoder(decimal_format="string").encode


def openai_body(exc: GatewayError) -> dict[str, Any]:
    return {"error": {"message": exc.message, "type": exc.type, "param": exc.param, "code": exc.code}}


def from_any(exc: Exception) -> GatewayError:
    """What a view raised, as an error of the path: ours, authentication's, or REST framework's."""
    if isinstance(exc, KeyRefusedError):
        return GatewayError(401, "invalid_api_key", str(exc), type="authentication_error")
    if isinstance(exc, KeysUnavailableError):
        return GatewayError(503, "keys_unavailable", str(exc), type="api_error", retry_after=5)
    if isinstance(exc, APIException):
        if exc.status_code == 400:
            return BadRequestError(str(exc.detail))
        return GatewayError(exc.status_code, exc.default_code, str(exc.detail))
    return as_gateway_error(exc)


def error_response(exc: GatewayError, body: dict[str, Any]) -> HttpResponse:
    response = HttpResponse(encode(body), status=exc.status, content_type="application/json")
    if exc.decision_id is not None:
        identity = str(UUID(bytes=exc.decision_id))
        response["x-request-id"] = response["x-smartgateway-decision-id"] = identity
        response["request-id"] = ascii_of(exc.upstream_request_id) or identity
    if exc.retry_after is not None:
        response["retry-after"] = str(max(1, round(exc.retry_after)))
    if exc.should_retry is not None:
        response["x-should-retry"] = "true" if exc.should_retry else "false"
    for name, value in exc.upstream_limits.items():
        response[name] = value
    return response
