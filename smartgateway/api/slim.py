"""ASGI to an async Django view and back, without middleware, signals or thread hops."""

import asyncio
import logging
from collections.abc import Callable
from contextlib import aclosing
from typing import Any

from django.http import HttpRequest, HttpResponse

from smartgateway.api import body
from smartgateway.api.errors import error_response, openai_body
from smartgateway.api.headers import Whole, encoded
from smartgateway.api.incoming import Incoming
from smartgateway.api.outgoing import COMMENT, HEADERS, Outgoing, closed, opened
from smartgateway.api.sse import EventStream
from smartgateway.completions.errors import as_gateway_error
from smartgateway.completions.relay import Last
from smartgateway.completions.settle import CLIENT_GONE

View = Callable[..., Any]  # of a request, to an awaitable response
logger = logging.getLogger(__name__)


async def serve(view: View, scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer one request. When the client goes away the view, or its stream, is cancelled."""
    request = Incoming(scope)
    watch = Watch(receive)
    request.receive = watch.receive  # type: ignore[attr-defined]
    Outgoing.sends[watch.task] = send
    try:
        response = await answered(view, request)
        if isinstance(response, EventStream):
            await send_stream(response, opened(COMMENT))
        else:
            await send(start_of(response))
            await send({"type": "http.response.body", "body": response.content})
    except asyncio.CancelledError:
        stream = Outgoing.open.get(watch.task)
        if not watch.is_gone and not (stream and stream.is_given_up):
            raise
    finally:
        closed(watch.task)
        watch.stop()
        body.release(request)


async def answered(view: View, request: HttpRequest) -> HttpResponse:
    try:
        response: HttpResponse = await view(request)
        return response
    except Exception as exc:
        error = as_gateway_error(exc)
        return error_response(error, openai_body(error))


async def send_stream(response: EventStream, out: Outgoing) -> None:
    """The first event is awaited before the headers go out: until then the generator has not begun."""
    send = out.send
    is_over = False
    async with aclosing(response.events) as events:
        async for event in events:
            if out.aside is not None:
                await out.finish_aside()
            out.is_sending = True
            if not out.has_begun:
                await out.begin([*HEADERS, *response.fields])
            if event:
                is_over = type(event) is Last
                await send({"type": "http.response.body", "body": event, "more_body": not is_over})
            out.is_sending = False
            out.quiet_seconds = 0
        if not is_over:
            await out.finish_aside()
            out.is_sending = True
            await send({"type": "http.response.body", "body": b""})


def start_of(response: HttpResponse) -> dict[str, Any]:
    if isinstance(response, Whole):
        headers = response.all_fields()
    else:
        headers = [*encoded(response), (b"content-length", b"%d" % len(response.content))]
    return {"type": "http.response.start", "status": response.status_code, "headers": headers}


class Watch:
    """Hands the body on, then listens for the client's going away and cancels the request's task."""

    def __init__(self, receive: Any) -> None:
        self._receive = receive
        self._listener: asyncio.Task[None] | None = None
        task = asyncio.current_task()
        assert task is not None
        self.task = task
        self.is_gone = False

    async def receive(self) -> dict[str, Any]:
        message: dict[str, Any] = await self._receive()
        if message["type"] == "http.disconnect":
            self.is_gone = True
        elif not message.get("more_body"):
            self._listener = asyncio.create_task(self._listen())
        return message

    async def _listen(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self.is_gone = True
        self.task.cancel(CLIENT_GONE)

    def stop(self) -> None:
        """Lets go of the listener too, or both would hold each other, and all of the request, until they are found."""
        if self._listener is not None:
            self._listener.cancel()
            self._listener = None
