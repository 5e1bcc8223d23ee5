"""An ask down the path and back as a response: a stream of the face's events, or one whole body."""

from collections.abc import AsyncGenerator, Awaitable, Callable

from smartgateway.api import outgoing
from smartgateway.api.headers import Marked, Whole
from smartgateway.api.sse import EventStream
from smartgateway.completions import path
from smartgateway.completions.errors import as_gateway_error
from smartgateway.completions.exchange import Ask
from smartgateway.completions.path import Answered, Streaming
from smartgateway.completions.relay import Renderer


async def respond(ask: Ask, render: Renderer, whole: Callable[[Answered], bytes]) -> Marked:
    """`whole` encodes an answer that did not pass through as bytes."""
    if ask.is_stream:
        return await as_stream(path.stream(ask, render), render)
    return as_whole(await path.complete(ask), whole)


def as_whole(answered: Answered, whole: Callable[[Answered], bytes]) -> Marked:
    raw = answered.answer.raw
    response = Whole(whole(answered) if raw is None else raw)
    response.mark(answered.exchange)
    return response


async def as_stream(opening: Awaitable[Streaming], render: Renderer) -> Marked:
    """A failure is a response of its own kind until the headers have gone out ahead of a silent upstream."""
    out = outgoing.opened(getattr(render, "ping", outgoing.COMMENT))
    try:
        streaming = await opening
    except Exception as exc:
        if not out.has_begun:
            raise
        return EventStream(one(render.error(as_gateway_error(exc))))
    response = EventStream(streaming.events)
    response.mark(streaming.exchange)
    return response


async def one(event: bytes) -> AsyncGenerator[bytes, None]:
    yield event
