from typing import Any

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.headers import Marked
from smartgateway.api.messages.request import indoor
from smartgateway.api.messages.response import MessagesRenderer, error_body, message
from smartgateway.api.options import options
from smartgateway.api.requests import check_chat
from smartgateway.api.sse import EventStream
from smartgateway.completions import path
from smartgateway.completions.exchange import Ask

encode = msgspec.json.Encoder().encode


class Messages(GatewayView):
    face = "messages"
    error_body = staticmethod(error_body)

    async def post(self, request: Request) -> HttpResponse:
        ask = ask_of(request)
        if ask.is_stream:
            streaming = await path.stream(ask, MessagesRenderer())
            response: Marked = EventStream(streaming.events)
            response.mark(streaming.exchange)
            return response
        answered = await path.complete(ask)
        answer = answered.answer
        whole = answer.raw if answer.raw is not None else encode(message(answer.completion or {}))
        response = Marked(whole, content_type="application/json")
        response.mark(answered.exchange)
        return response


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
