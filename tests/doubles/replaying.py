"""A double that can be told to give recorded bytes instead of an answer of its own, and keeps what it was asked."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.doubles.serving import App, Responder, body_of

KINDS = {".sse": "text/event-stream", ".ndjson": "application/x-ndjson", ".json": "application/json"}
ASKED_AT = frozenset(
    {"/v1/messages", "/v1/chat/completions", "/v1/completions", "/api/chat", "/api/generate"}
)  # the rest is looks at the server, which the double behind answers


class Replaying:
    def __init__(self, behind: App) -> None:
        self._behind = behind
        self._recorded: tuple[str, bytes] | None = None
        self.asked: list[dict[str, Any]] = []

    @contextmanager
    def recorded(self, kind: str, content: bytes) -> Iterator[list[dict[str, Any]]]:
        """Meanwhile every request is answered with this; yields what was asked."""
        self._recorded, self.asked = (KINDS[kind], content), []
        try:
            yield self.asked
        finally:
            self._recorded = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if self._recorded is None or scope["path"] not in ASKED_AT:
            await self._behind(scope, receive, send)
            return
        kind, content = self._recorded
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        query = scope["query_string"].decode()
        body = json.loads(await body_of(receive))
        self.asked.append({"path": scope["path"], "query": query, "headers": headers, "body": body})
        await Responder(send, {}).whole(200, content, kind)
