from collections.abc import Mapping
from functools import partial
from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.answering import respond
from smartgateway.api.base import GatewayView, key_of
from smartgateway.api.options import options
from smartgateway.api.responses.output import response, shell
from smartgateway.api.responses.request import Incoming, incoming
from smartgateway.api.responses.stream import ResponsesRenderer
from smartgateway.api.responses.toolbox import Toolbox
from smartgateway.completions.exchange import Ask, Options
from smartgateway.completions.path import Answered

encode = msgspec.json.Encoder().encode


class Responses(GatewayView):
    face = "responses"

    async def post(self, request: Request) -> HttpResponse:
        data: Any = request.data
        given = incoming(data)
        ask = Ask(
            key=key_of(request),
            face=self.face,
            body=given.body,
            options=options_of(request, given),
            is_stream=bool(given.body.get("stream")),
            dialect="responses",
            dropped=given.dropped,
        )
        said_again = shell(data, given.toolbox)
        whole = partial(whole_response, said_again=said_again, toolbox=given.toolbox)
        return await respond(ask, ResponsesRenderer(said_again, given.toolbox), whole)


def options_of(request: Request, given: Incoming) -> Options:
    """codex names its conversation in `prompt_cache_key`; a key that is no UUID may cover many of them."""
    meta = request.META
    key = given.body.get("prompt_cache_key")
    if isinstance(key, str) and is_uuid(key) and not meta.get("HTTP_X_SESSION_ID"):
        meta = {**meta, "HTTP_X_SESSION_ID": key}
    return options(meta, given.body)


def is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def whole_response(answered: Answered, *, said_again: Mapping[str, Any], toolbox: Toolbox) -> bytes:
    completion = answered.answer.completion
    assert completion is not None  # no provider speaks this dialect, so that nothing passes through
    return encode(response(completion, said_again, toolbox))
