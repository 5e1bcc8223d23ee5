"""Claude's API in small. Words in the newest message make it misbehave:

[[429]] with `retry-after: 1`, [[429:60]], [[spend-limit]], [[401]], [[402]], [[500]], [[529]], [[html]], [[break]]
(cut off in the middle), [[error-event]], [[slow:0.5]] (seconds before the answer), [[drip:0.1]] (seconds between
events), [[call:name {"json": 1}]], [[say:text]], [[refuse]], [[length]].
`GET /double/requests` lists what was asked for so far.
"""

import asyncio
import json
from typing import Any

from tests.doubles.anthropic.answers import Cache, events_of, frame, last_text, message_for, numbers, tokens_of
from tests.doubles.anthropic.rules import MODELS, SAMPLING, complaint_about, sampling
from tests.doubles.anthropic.shape import misshapen
from tests.doubles.serving import Responder, body_of
from tests.doubles.words import MISBEHAVIOUR

VERSIONS = ("2023-06-01", "2026-10-21")
NOTHING_LEFT = {
    "anthropic-ratelimit-requests-limit": "50",
    "anthropic-ratelimit-requests-remaining": "0",
    "anthropic-ratelimit-requests-reset": "2026-11-23T18:00:00Z",
}
FAILURES = {
    "401": (401, "authentication_error", "invalid x-api-key"),
    "402": (402, "billing_error", "Your credit balance is too low"),
    "500": (500, "api_error", "Internal server error"),
    "529": (529, "overloaded_error", "Overloaded"),
}


class AnthropicDouble:
    def __init__(self) -> None:
        self.requests: list[dict[str, Any]] = []
        self._cache = Cache()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        respond = Responder(send, {"request-id": f"req_{next(numbers):08x}"})
        path = scope["path"]
        if path == "/double/requests":
            await answer(respond, 200, self.requests)
        elif not is_known(headers):
            await refuse(respond, 401, "authentication_error", "invalid x-api-key")
        elif path == "/v1/models":
            rows = [{"type": "model", "id": name, "display_name": name} for name in MODELS]
            await answer(respond, 200, {"data": rows, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]})
        elif path in ("/v1/messages", "/v1/messages/count_tokens"):
            query = scope["query_string"].decode()
            await self._messages(respond, headers, path, await body_of(receive), query)
        else:
            await refuse(respond, 404, "not_found_error", "Not found")

    async def _messages(self, respond: Responder, headers: dict[str, str], path: str, raw: bytes, query: str) -> None:
        try:
            body = json.loads(raw)
        except ValueError:
            body = None
        seen = {"path": path, "attempt_id": headers.get("x-request-id", ""), "body": body, "complaint": None}
        seen |= {"headers": headers, "raw": raw.decode("utf-8", "replace"), "query": query}
        is_beta = query == "beta=true" or "anthropic-beta" in headers
        self.requests.append(seen)
        counts_only = path.endswith("count_tokens")
        complaint = complaint_about_request(body, headers, is_beta=is_beta, counts_only=counts_only)
        if complaint is not None:
            seen["complaint"] = complaint[2]
            await refuse(respond, *complaint)
        elif counts_only:
            await answer(respond, 200, {"input_tokens": tokens_of(body["messages"])})
        else:
            await self._answer(respond, body)

    async def _answer(self, respond: Responder, body: dict[str, Any]) -> None:
        words = dict(MISBEHAVIOUR.findall(last_text(body)))
        if "slow" in words:
            await asyncio.sleep(float(words["slow"]))
        if await misbehaved(respond, words):
            return
        message = message_for(body, self._cache)
        if body.get("stream"):
            await stream(respond, message, words)
        elif "break" in words:
            await respond.start(200, "application/json", {"content-length": "5000"})
            await respond.more(b'{"id": "msg_')
            raise ConnectionResetError("as asked for")
        else:
            await answer(respond, 200, message)


def is_known(headers: dict[str, str]) -> bool:
    key = headers.get("x-api-key") or headers.get("authorization", "").removeprefix("Bearer ")
    return bool(key) and key != "sk-ant-bad"


def complaint_about_request(
    body: Any, headers: dict[str, str], *, is_beta: bool = False, counts_only: bool = False
) -> tuple[int, str, str] | None:
    bad = (400, "invalid_request_error")
    version = headers.get("anthropic-version")
    if version not in VERSIONS:
        return *bad, "anthropic-version: header is required"
    if isinstance(body, dict) and version == "2023-06-01" and not counts_only:
        if (wrong := sampling(body)) is not None:
            return *bad, wrong
        body = {name: value for name, value in body.items() if name not in SAMPLING}
    if (wrong := misshapen(body, is_beta=is_beta, counts_only=counts_only)) is not None:
        return *bad, wrong
    if body["model"] not in MODELS:
        return 404, "not_found_error", f"model: {body['model']}"
    wrong = complaint_about({"max_tokens": 1, **body} if counts_only else body)
    return (*bad, wrong) if wrong is not None else None


async def misbehaved(respond: Responder, words: dict[str, str]) -> bool:
    if "429" in words:
        headers = {"retry-after": words["429"] or "1", **NOTHING_LEFT}
        await refuse(respond, 429, "rate_limit_error", "This request would exceed your rate limit", headers=headers)
    elif "spend-limit" in words:
        details = {"error_code": "enforced_spend_limit_reached"}
        await refuse(respond, 429, "rate_limit_error", "Spend limit reached", details=details)
    elif "html" in words:
        await respond.whole(502, b"<html><h1>502 Bad Gateway</h1></html>", "text/html")
    elif found := FAILURES.keys() & words.keys():
        await refuse(respond, *FAILURES[found.pop()])
    else:
        return False
    return True


async def stream(respond: Responder, message: dict[str, Any], words: dict[str, str]) -> None:
    await respond.start(200, "text/event-stream; charset=utf-8")
    for number, event in enumerate(events_of(message)):
        if number == 4 and "break" in words:
            await respond.more(b"event: content_block_delta\ndata: {")
            raise ConnectionResetError("as asked for")
        if number == 4 and "error-event" in words:
            error = {"type": "overloaded_error", "message": "Overloaded"}
            await respond.more(frame({"type": "error", "error": error}), is_last=True)
            return
        await respond.more(frame(event))
        if "drip" in words:
            await asyncio.sleep(float(words["drip"]))
    await respond.more(b"", is_last=True)


async def answer(respond: Responder, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
    await respond.whole(status, json.dumps(content).encode(), "application/json", headers)


async def refuse(
    respond: Responder,
    status: int,
    kind: str,
    message: str,
    *,
    headers: dict[str, str] | None = None,
    details: dict[str, str] | None = None,
) -> None:
    error = {"type": kind, "message": message, **({"details": details} if details else {})}
    await answer(respond, status, {"type": "error", "error": error, "request_id": "req_1"}, headers)
