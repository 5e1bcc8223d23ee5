"""The thin OpenAI-style door before llama.cpp's own server: one request at a time, a short queue, clear refusals."""

import asyncio
import json
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import aclosing
from typing import Any

import httpx

NAME = "demo/smollm2-135m"
CONTEXT_TOKENS = 2_048
DEFAULT_ANSWER_TOKENS = 512
QUEUE = 4
LARGEST_BODY = 1 << 20
PASSED_ON = ("temperature", "top_p", "seed", "stop", "presence_penalty", "frequency_penalty", "response_format")
CALM = {"temperature": 0.2, "top_p": 0.9, "repeat_penalty": 1.1}  # what such a small model needs to stay on its topic

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class RefusedError(Exception):
    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status, self.code = status, code


class Door:
    """The ASGI application. A caller who hangs up ends the generation."""

    def __init__(self, llama: httpx.AsyncClient) -> None:
        self.llama = llama
        self.turn = asyncio.Lock()
        self.waiting = 0

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        asked = (scope["method"], scope["path"])
        try:
            if asked == ("GET", "/health"):
                await respond(send, 200, {"status": "ok"})
            elif asked == ("GET", "/v1/models"):
                await respond(send, 200, {"object": "list", "data": [{"id": NAME, "object": "model", "created": 0}]})
            elif asked == ("POST", "/v1/chat/completions"):
                body = understood(await whole_body(receive))
                await unless_gone(receive, self.complete(body, send))
            else:
                raise RefusedError(404, "not_found", f"{NAME} serves /v1/chat/completions, /v1/models and /health.")
        except RefusedError as error:
            detail = {"message": str(error), "type": "invalid_request_error", "param": None, "code": error.code}
            await respond(send, error.status, {"error": detail})

    async def complete(self, body: dict[str, Any], send: Send) -> None:
        room = CONTEXT_TOKENS - await self.prompt_tokens(body["messages"])
        if room <= 0:
            reason = f"The prompt has {CONTEXT_TOKENS - room} tokens; {NAME} reads fewer than {CONTEXT_TOKENS}."
            raise RefusedError(400, "context_length_exceeded", reason)
        if self.waiting > QUEUE:
            raise RefusedError(503, "busy", f"{NAME} answers one request at a time and {QUEUE} are waiting.")
        self.waiting += 1
        try:
            async with self.turn, aclosing(self.answer({**body, "max_tokens": min(body["max_tokens"], room)})) as parts:
                async for part in parts:
                    await send(part)
        finally:
            self.waiting -= 1

    async def prompt_tokens(self, messages: list[Any]) -> int:
        """Counted by llama.cpp itself, without waiting for the turn."""
        templated = await self.llama.post("/apply-template", json={"messages": messages})
        if templated.status_code != 200:
            raise RefusedError(400, "invalid_messages", templated.json()["error"]["message"])
        text = {"content": templated.json()["prompt"], "parse_special": True}
        return len((await self.llama.post("/tokenize", json=text)).json()["tokens"])

    async def answer(self, body: dict[str, Any]) -> AsyncGenerator[Message, None]:
        async with self.llama.stream("POST", "/v1/chat/completions", json=body) as response:
            content_type = response.headers["content-type"].encode()
            headers = [(b"content-type", content_type), (b"cache-control", b"no-cache")]
            yield {"type": "http.response.start", "status": response.status_code, "headers": headers}
            async for chunk in response.aiter_raw():
                yield {"type": "http.response.body", "body": chunk, "more_body": True}
            yield {"type": "http.response.body", "body": b""}


def understood(raw: bytes) -> dict[str, Any]:
    """What llama.cpp is asked; the rest of the request is refused or has no meaning here."""
    try:
        asked = json.loads(raw)
        messages = [dict(message) for message in asked["messages"]]
        answer_tokens = int(asked.get("max_completion_tokens") or asked.get("max_tokens") or DEFAULT_ANSWER_TOKENS)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RefusedError(400, "invalid_request", "The body must be a JSON object with a list `messages`.") from error
    if not messages or not all(is_text(message.get("content")) for message in messages):
        raise RefusedError(400, "text_only", f"{NAME} needs at least one message, and reads text only.")
    if asked.get("tools") or asked.get("functions"):
        raise RefusedError(400, "tools_not_supported", f"{NAME} does not call tools.")
    if asked.get("model", NAME) != NAME:
        raise RefusedError(404, "model_not_found", f"This process serves {NAME} only.")
    chosen = {name: asked[name] for name in PASSED_ON if asked.get(name) is not None}
    stream = {name: asked[name] for name in ("stream", "stream_options") if asked.get(name)}
    return {**CALM, **chosen, **stream, "model": NAME, "messages": messages, "max_tokens": max(answer_tokens, 1)}


def is_text(content: Any) -> bool:
    parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
    return all(isinstance(part, dict) and isinstance(part.get("text"), str) for part in parts)


async def whole_body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if len(body) > LARGEST_BODY:
            raise RefusedError(413, "too_large", f"{NAME} reads at most {LARGEST_BODY} bytes.")
        if not message.get("more_body"):
            return bytes(body)


async def unless_gone(receive: Receive, answer: Any) -> None:
    """Gives up the answer, its place in the queue or its generation, once the caller hangs up."""

    async def hang_up() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    answering, gone = asyncio.create_task(answer), asyncio.create_task(hang_up())
    try:
        await asyncio.wait({answering, gone}, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            answering.result()
    finally:
        answering.cancel()
        gone.cancel()
        await asyncio.wait({answering, gone})


async def respond(send: Send, status: int, content: Mapping[str, Any]) -> None:
    headers = [(b"content-type", b"application/json")] + [(b"retry-after", b"5")] * (status == 503)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(content).encode()})
