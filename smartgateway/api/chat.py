"""`POST /v1/chat/completions`: OpenAI's chat completions, and `POST /chat`: one message in, one reply out."""

from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.answering import respond
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.custom_tools import CustomCallsRenderer, with_custom_calls
from smartgateway.api.options import options
from smartgateway.api.requests import check_model
from smartgateway.api.shapes import chat_form
from smartgateway.api.sse import ChatRenderer
from smartgateway.completions.errors import BadRequestError
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Answered

encode = msgspec.json.Encoder().encode


class ChatCompletions(GatewayView):
    face = "chat"

    async def post(self, request: Request) -> HttpResponse:
        data: Any = request.data
        shaped = chat_form(data)
        body = shaped.body
        ask = Ask(
            key=key_of(request),
            face=self.face,
            body=body,
            options=options(request.META, body),
            is_stream=bool(body.get("stream")),
            raw=b"" if shaped.is_foreign else request._request.body,
            dropped=tuple(shaped.dropped),
        )
        include_usage = bool((data.get("stream_options") or {}).get("include_usage"))
        if not shaped.custom_names:
            return await respond(ask, ChatRenderer(include_usage=include_usage), whole)
        render = CustomCallsRenderer(shaped.custom_names, include_usage=include_usage)
        return await respond(ask, render, partial(whole_with_custom_calls, names=shaped.custom_names))


def whole_with_custom_calls(answered: Answered, *, names: frozenset[str]) -> bytes:
    assert answered.answer.completion is not None  # a body with custom tools does not pass through
    return encode(with_custom_calls(answered.answer.completion, names))


def whole(answered: Answered) -> bytes:
    return encode(answered.answer.completion)


class SimpleChat(GatewayView):
    """`{"message": "...", "model"?: "..."}` to `{reply, model, tier, decision_id}`."""

    face = "simple_chat"

    async def post(self, request: Request) -> HttpResponse:
        data: Any = request.data
        body = simple_body(data)
        ask = Ask(
            key=key_of(request),
            face=self.face,
            body=body,
            options=options(request.META, data),
            is_stream=False,
            dialect="simple",
        )
        return await respond(ask, ChatRenderer(include_usage=False), simple_reply)


def simple_body(data: object) -> dict[str, Any]:
    if not isinstance(data, dict) or not isinstance(data.get("message"), str) or not data["message"].strip():
        raise BadRequestError("'message' must be a string with text.", param="message")
    check_model(data)
    body: dict[str, Any] = {"messages": [{"role": "user", "content": data["message"]}]}
    return {**body, "model": data["model"]} if data.get("model") else body


def simple_reply(answered: Answered) -> bytes:
    exchange, completion = answered.exchange, answered.answer.completion
    assert completion is not None  # no provider speaks this dialect, so that nothing passes through
    return encode(
        {
            "reply": completion["choices"][0]["message"].get("content") or "",
            "model": completion["model"],
            "tier": exchange.served.name if exchange.served else "",
            "decision_id": str(UUID(bytes=exchange.id)),
        }
    )
