"""The base of all /v1 views: async dispatch, our authentication and parser, errors in the face's shape."""

import time
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponseBase
from rest_framework.request import Request
from rest_framework.views import APIView

from audit import recording
from audit.records import RefusalRecord
from smartgateway.api import body, errors
from smartgateway.api.authentication import authenticate
from smartgateway.completions.errors import GatewayError
from smartgateway.keys.snapshots import KeySnapshot


class GatewayView(APIView):
    """Subclasses are coroutines per method; `request.auth` is the key's snapshot."""

    face: ClassVar[str] = ""  # what a refusal is recorded under; "" records none
    error_body = staticmethod(errors.openai_body)
    http_method_names = ["get", "post"]

    async def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        key = None
        try:
            key = await authenticate(request)
            await body.read(request)
            self.request = body.JSONRequest(request)
            self.request.auth = key
            method = (request.method or "").lower()
            is_known = method in self.http_method_names  # any other word may name some attribute of the view
            handler = getattr(self, method, self.not_allowed) if is_known else self.not_allowed
            response: HttpResponseBase = await handler(self.request, *args, **kwargs)
            return response
        except Exception as exc:
            error = errors.from_any(exc)
            if key is not None and self.face and is_refusal(error):
                recording.refused(refusal(key, self.face, error))
            return errors.error_response(error, self.error_body(error))

    async def not_allowed(self, request: Request) -> HttpResponseBase:
        raise GatewayError(405, "method_not_allowed", f"{request.method} is not allowed here.")


def key_of(request: Request) -> KeySnapshot:
    key: KeySnapshot = request.auth  # type: ignore[assignment]  # the stubs know only REST framework's own tokens
    return key


class Unknown(GatewayView):
    """Any other path below /v1/: said in JSON, as an API should."""

    async def get(self, request: Request) -> HttpResponseBase:
        raise GatewayError(404, "unknown_endpoint", f"There is no {request.method} {request.path} here.")

    post = get


def is_refusal(error: GatewayError) -> bool:
    """A request that was turned away before a decision was recorded for it."""
    return error.decision_id is None and (400 <= error.status < 500 or error.code == "tier_not_configured")


def refusal(key: KeySnapshot, face: str, error: GatewayError) -> RefusalRecord:
    return RefusalRecord(
        id=recording.new_id(),
        created_at=time.time(),
        team_id=key.team_id,
        key_id=key.id,
        face=face,
        http_status=error.status,
        error_type=error.code,
        message=error.code,
    )
