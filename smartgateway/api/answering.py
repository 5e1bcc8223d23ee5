"""An ask down the path and back as a response: a stream of the face's events, or one whole body."""

from collections.abc import Callable

from smartgateway.api.headers import Marked
from smartgateway.api.sse import EventStream
from smartgateway.completions import path
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Answered
from smartgateway.completions.relay import Renderer


async def respond(ask: Ask, render: Renderer, whole: Callable[[Answered], bytes]) -> Marked:
    """`whole` encodes an answer that did not pass through as bytes."""
    if ask.is_stream:
        streaming = await path.stream(ask, render)
        response: Marked = EventStream(streaming.events)
        response.mark(streaming.exchange)
        return response
    answered = await path.complete(ask)
    raw = answered.answer.raw
    response = Marked(whole(answered) if raw is None else raw, content_type="application/json")
    response.mark(answered.exchange)
    return response
