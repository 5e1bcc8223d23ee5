from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.answering import respond
from smartgateway.api.base import GatewayView, Unknown, key_of
from smartgateway.api.messages.request import indoor
from smartgateway.api.messages.response import MessagesRenderer, error_body, message
from smartgateway.api.options import options
from smartgateway.api.requests import check_chat
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Answered

encode = msgspec.json.Encoder().encode


class Messages(GatewayView):
    face = "messages"
    error_body = staticmethod(error_body)

    async def post(self, request: Request) -> HttpResponse:
        return await respond(ask_of(request), MessagesRenderer(), whole)


class UnknownToAnthropic(Unknown):
    error_body = staticmethod(error_body)


def whole(answered: Answered) -> bytes:
    return encode(message(answered.answer.completion or {}))


def ask_of(request: Request) -> Ask:
    data: Any = request.data
    body = check_chat(indoor(data))
    user = (data.get("metadata") or {}).get("user_id")
    return Ask(
        key=key_of(request),
        face=Messages.face,
        body=body,
        options=options(request.META, {"provider": data.get("provider"), "user": user}),
        is_stream=bool(body.get("stream")),
        dialect="anthropic",
        raw=request._request.body,
    )
