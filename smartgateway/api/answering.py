"""An ask down the path and back as a response: a stream of the face's events, or one whole body."""

from collections.abc import AsyncGenerator, Callable

from smartgateway.api import outgoing
from smartgateway.api.headers import Marked
from smartgateway.api.sse import EventStream
from smartgateway.completions import path
from smartgateway.completions.errors import as_gateway_error
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Answered
from smartgateway.completions.relay import Renderer


async def respond(ask: Ask, render: Renderer, whole: Callable[[Answered], bytes]) -> Marked:
    """`whole` encodes an answer that did not pass through as bytes."""
    if ask.is_stream:
        return await respond_streamed(ask, render)
    answered = await path.complete(ask)
    raw = answered.answer.raw
    response = Marked(whole(answered) if raw is None else raw, content_type="application/json")
    response.mark(answered.exchange)
    return response


async def respond_streamed(ask: Ask, render: Renderer) -> Marked:
    """A failure is a response of its own kind until the headers have gone out ahead of a silent upstream."""
    out = outgoing.opened(getattr(render, "ping", outgoing.COMMENT))
    try:
        streaming = await path.stream(ask, render)
    except Exception as exc:
        if not out.has_begun:
            raise
        return EventStream(one(render.error(as_gateway_error(exc))))
    response = EventStream(streaming.events)
    response.mark(streaming.exchange)
    return response


async def one(event: bytes) -> AsyncGenerator[bytes, None]:
    yield event
