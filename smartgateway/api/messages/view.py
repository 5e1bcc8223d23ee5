from functools import partial
from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.answering import respond
from smartgateway.api.base import GatewayView, Unknown, key_of
from smartgateway.api.headers import ascii_of
from smartgateway.api.messages.lost import lost
from smartgateway.api.messages.request import indoor
from smartgateway.api.messages.response import MessagesRenderer, error_body, message
from smartgateway.api.options import options
from smartgateway.api.requests import check_chat
from smartgateway.completions import counting
from smartgateway.completions.exchange import Ask, tellable
from smartgateway.completions.path import Answered

PASSED_HEADERS = {"HTTP_ANTHROPIC_VERSION": "anthropic-version", "HTTP_ANTHROPIC_BETA": "anthropic-beta"}
encode = msgspec.json.Encoder().encode


class Messages(GatewayView):
    face = "messages"
    error_body = staticmethod(error_body)

    async def post(self, request: Request) -> HttpResponse:
        ask = ask_of(request, self.face)
        return await respond(ask, MessagesRenderer(ask.body), whole)


class CountTokens(GatewayView):
    """By Claude itself where Claude would answer, otherwise estimated; nothing is answered, nothing recorded."""

    error_body = staticmethod(error_body)

    async def post(self, request: Request) -> HttpResponse:
        counted = await counting.count(ask_of(request, "count_tokens", is_counted_only=True))
        content = counted.raw if counted.raw is not None else encode({"input_tokens": counted.estimate})
        response = HttpResponse(content, content_type="application/json")
        response["x-smartgateway-model"] = ascii_of(counted.model)
        if counted.upstream_request_id:
            response["request-id"] = ascii_of(counted.upstream_request_id)
        if counted.dropped_params:
            response["x-smartgateway-dropped-params"] = ascii_of(",".join(tellable(counted.dropped_params)))
        return response


class UnknownToAnthropic(Unknown):
    error_body = staticmethod(error_body)


def whole(answered: Answered) -> bytes:
    return encode(message(answered.answer.completion or {}))


def ask_of(request: Request, face: str, *, is_counted_only: bool = False) -> Ask:
    data: Any = request.data
    body = check_chat(indoor(data, is_counted_only=is_counted_only))
    user = (data.get("metadata") or {}).get("user_id")
    meta = request.META
    return Ask(
        key=key_of(request),
        face=face,
        body=body,
        options=options(meta, {"provider": data.get("provider"), "user": user}),
        is_stream=bool(body.get("stream")),
        dialect="anthropic",
        raw=request._request.body,
        headers={ours: meta[name] for name, ours in PASSED_HEADERS.items() if name in meta},
        is_beta=meta.get("QUERY_STRING") == "beta=true",
        lost=partial(lost, data),
    )
