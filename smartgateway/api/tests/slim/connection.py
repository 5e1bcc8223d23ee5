"""A connection to the slim handler, as an ASGI server hands it in."""

import asyncio

from django.http import HttpResponse
from rest_framework.request import Request

from smartgateway.api.base import GatewayView

SCOPE = {"type": "http", "method": "POST", "path": "/v1/x", "query_string": b"", "headers": []}


class Client:
    """One connection: hands in `parts` of a body, then is silent until it hangs up."""

    def __init__(self, *parts: bytes) -> None:
        self.parts = list(parts)
        self.sent: list[dict] = []
        self.hung_up = asyncio.Event()

    async def receive(self) -> dict:
        if self.parts:
            part = self.parts.pop(0)
            return {"type": "http.request", "body": part, "more_body": bool(self.parts)}
        await self.hung_up.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: dict) -> None:
        self.sent.append(message)

    @property
    def status(self) -> int:
        return self.sent[0]["status"]

    @property
    def answer(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.sent[1:])


def scope(**headers: str) -> dict:
    named = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return {**SCOPE, "headers": [(b"content-type", b"application/json"), *named]}


class Echo(GatewayView):
    async def post(self, request: Request) -> HttpResponse:
        return HttpResponse(repr(request.data), content_type="text/plain")
