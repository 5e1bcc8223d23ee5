"""Ollama's native API in small, over a script or the embedded model. Words in the newest message make it misbehave:

[[busy]] (503), [[500]], [[html]] (a Cloudflare Access login), [[break]] (cut off), [[crash]] (an error line in the
middle), [[slow:0.5]], [[drip:0.1]], [[truncated]] (as if most of the prompt had been left out), [[length]],
[[call:name {"json": 1}]], [[say:text]]. As 0.30.0 it counts nothing that it has read before.
`GET /double/requests` lists what was asked for so far.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import takewhile
from typing import Any

import msgspec

from tests.doubles.ollama.engines import Engine, Script, newest
from tests.doubles.ollama.shape import ChatRequest, EmbedRequest, GenerateRequest, Message, complaint_about
from tests.doubles.serving import Responder, body_of
from tests.doubles.words import CALL, MISBEHAVIOUR

DEFAULT_CONTEXT = 4_096
MODEL_CONTEXT = 8_192
NOW = "2026-11-23T07:00:00Z"


class OllamaDouble:
    """`models` are installed names with their capabilities, `loads` counts how often a model had to be loaded."""

    def __init__(
        self, engine: Engine | None = None, models: dict[str, tuple[str, ...]] | None = None, version: str = "0.33.0"
    ) -> None:
        self.engine = engine or Script()
        self.version = version
        self.read_before: list[Message] = []
        self.models = models or {"qwen2.5-coder:14b-instruct": ("completion", "tools")}
        self.requests: list[dict[str, Any]] = []
        self.loaded: dict[str, int] = {}
        self.loads = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        respond = Responder(send, {})
        path = scope["path"]
        if path == "/api/chat":
            await self._chat(respond, headers, await body_of(receive))
        elif path in ("/api/generate", "/api/embed"):
            step = self._generate if path == "/api/generate" else self._embed
            await step(respond, await body_of(receive))
        elif path == "/api/show":
            await self._show(respond, json.loads(await body_of(receive))["model"])
        elif path in (simple := self._simple()):
            await answer(respond, 200, simple[path])
        else:
            await answer(respond, 404, {"error": "not found"})

    def _simple(self) -> dict[str, Any]:
        rows = [row(name, size) for size, name in enumerate(self.models, 1)]
        loaded = [{**row(name, 1), "context_length": size, "size_vram": 0} for name, size in self.loaded.items()]
        return {
            "/api/version": {"version": self.version},
            "/api/tags": {"models": rows},
            "/api/ps": {"models": [{**entry, "expires_at": NOW} for entry in loaded]},
            "/double/requests": self.requests,
        }

    async def _show(self, respond: Responder, name: str) -> None:
        if (found := self._find(name)) is None:
            await answer(respond, 404, {"error": f"model '{name}' not found"})
            return
        info = {"general.architecture": "llama", "llama.context_length": MODEL_CONTEXT}
        await answer(respond, 200, {"capabilities": self.models[found], "model_info": info, "details": {}})

    def _find(self, name: str) -> str | None:
        return next((known for known in (name, f"{name}:latest") if known in self.models), None)

    async def _chat(self, respond: Responder, headers: dict[str, str], raw: bytes) -> None:
        seen = {"path": "/api/chat", "attempt_id": headers.get("x-request-id", ""), "complaint": None}
        self.requests.append(seen)
        try:
            request = msgspec.json.decode(raw, type=ChatRequest)
        except msgspec.DecodeError as exc:
            seen["complaint"] = str(exc)
            await answer(respond, 400, {"error": str(exc)})
            return
        seen["body"] = json.loads(raw)
        if (name := self._find(request.model)) is None:
            await answer(respond, 404, {"error": f"model '{request.model}' not found"})
        elif (complaint := complaint_about(request, self.models[name])) is not None:
            seen["complaint"] = complaint
            await answer(respond, 400, {"error": complaint})
        else:
            await self._answer(respond, name, request)

    async def _generate(self, respond: Responder, raw: bytes) -> None:
        request = await self._decoded(respond, "/api/generate", raw, GenerateRequest)
        if request is None:
            return
        words = dict(MISBEHAVIOUR.findall(request.prompt))
        await asyncio.sleep(float(words.get("slow") or 0))
        if await misbehaved(respond, words):
            return
        await respond.start(200, "application/x-ndjson")
        texts = [f"{request.prompt}|", "fill", f"|{request.suffix}"] if request.suffix else [f"raw={request.raw}"]
        shell = {"model": request.model, "created_at": NOW}
        for text in texts:
            await respond.more(json.dumps({**shell, "response": text, "done": False}).encode() + b"\n")
            if await broken(respond, words):
                return
        end = {"response": "", "done": True, "done_reason": "stop", "prompt_eval_count": 7, "eval_count": len(texts)}
        await respond.more(json.dumps({**shell, **end}).encode() + b"\n", is_last=True)

    async def _embed(self, respond: Responder, raw: bytes) -> None:
        request = await self._decoded(respond, "/api/embed", raw, EmbedRequest)
        if request is None:
            return
        texts = [request.input] if isinstance(request.input, str) else request.input
        if not request.truncate and any(len(text) > 4 * MODEL_CONTEXT for text in texts):
            await answer(respond, 400, {"error": "the input length exceeds the context length"})
            return
        vectors = [[len(text) + 0.5] * (request.dimensions or 4) for text in texts]
        counts = {"total_duration": 1, "load_duration": 1, "prompt_eval_count": len(texts)}
        await answer(respond, 200, {"model": request.model, "embeddings": vectors, **counts})

    async def _decoded(self, respond: Responder, path: str, raw: bytes, kind: Any) -> Any:
        """A request as Ollama would take it; None once it was refused."""
        seen: dict[str, Any] = {"path": path, "attempt_id": "", "complaint": None}
        self.requests.append(seen)
        try:
            request = msgspec.json.decode(raw, type=kind)
        except msgspec.DecodeError as exc:
            seen["complaint"] = str(exc)
            await answer(respond, 400, {"error": str(exc)})
            return None
        seen["body"] = json.loads(raw)
        name = self._find(request.model)
        if name is None:
            await answer(respond, 404, {"error": f"model '{request.model}' not found"})
        elif kind is GenerateRequest and request.suffix and "insert" not in self.models[name]:
            await answer(respond, 400, {"error": f'"{request.model}" does not support insert'})
        else:
            return request
        return None

    async def _answer(self, respond: Responder, name: str, request: ChatRequest) -> None:
        self._load(name, request.options.num_ctx or DEFAULT_CONTEXT)
        if not request.messages:
            await answer(respond, 200, line(name, "", done=True, done_reason="load"), is_line=True)
            return
        words = dict(MISBEHAVIOUR.findall(newest(request.messages)))
        if "slow" in words:
            await asyncio.sleep(float(words["slow"]))
        messages, tokens = await self._fitting(request, self.loaded[name])
        if not messages:
            over = tokens - self.loaded[name]
            complaint = f"prompt too long; exceeded max context length by {over} tokens"
            await answer(respond, 400, {"error": complaint})
        elif not await misbehaved(respond, words):
            tokens = tokens // 4 if "truncated" in words else await self._counted(messages, tokens)
            await self._speak(respond, name, request, messages, tokens, words)

    def _load(self, name: str, num_ctx: int) -> None:
        num_ctx = min(num_ctx, MODEL_CONTEXT)
        if self.loaded.get(name) != num_ctx:
            self.loaded[name] = num_ctx
            self.loads += 1

    async def _fitting(self, request: ChatRequest, num_ctx: int) -> tuple[list[Message], int]:
        """What is read of the prompt: all of it, or without the oldest messages when truncating is not refused."""
        messages = list(request.messages)
        tokens = await self.engine.count(messages)
        while tokens > num_ctx:
            oldest = next((at for at, message in enumerate(messages[:-1]) if message.role != "system"), None)
            if not request.truncate or oldest is None:
                return [], tokens
            del messages[oldest]
            tokens = await self.engine.count(messages)
        return messages, tokens

    async def _counted(self, messages: list[Message], tokens: int) -> int:
        both = zip(self.read_before, messages, strict=False)
        cached = [new for old, new in takewhile(lambda pair: pair[0] == pair[1], both)]
        self.read_before = messages
        return await self.engine.count(messages[len(cached) :]) if self.version == "0.30.0" else tokens

    async def _speak(
        self,
        respond: Responder,
        name: str,
        request: ChatRequest,
        messages: list[Message],
        tokens: int,
        words: dict[str, str],
    ) -> None:
        if not request.stream:
            lines = [part async for part in self._lines(name, request, messages)]
            await answer(respond, 200, whole(lines, name, end_of(request, words, tokens, len(lines))), is_line=True)
            return
        await respond.start(200, "application/x-ndjson")
        spoken = 0
        async for part in self._lines(name, request, messages):
            spoken += 1
            await respond.more(part)
            await asyncio.sleep(float(words.get("drip") or 0))
            if spoken == 2 and await broken(respond, words):
                return
        await respond.more(line(name, "", **end_of(request, words, tokens, spoken)), is_last=True)

    async def _lines(self, name: str, request: ChatRequest, messages: list[Message]) -> AsyncIterator[bytes]:
        if request.tools and (calls := CALL.findall(newest(messages))):
            yield line(name, "", tool_calls=[made(*call) for call in calls])
            return
        async for text in self.engine.reply(request, messages):
            yield line(name, text)


def end_of(request: ChatRequest, words: dict[str, str], tokens: int, spoken: int) -> dict[str, Any]:
    reason = "length" if "length" in words or spoken == request.options.num_predict else "stop"
    counts = {"prompt_eval_count": tokens, "eval_count": max(spoken, 1), "total_duration": 1, "load_duration": 1}
    return {"done": True, "done_reason": reason, **counts}


def row(name: str, size: int) -> dict[str, Any]:
    details = {"family": "llama", "parameter_size": f"{size}B"}
    return {"name": name, "model": name, "size": size * 10**9, "digest": f"sha256:{name}", "details": details}


def made(name: str, arguments: str) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": json.loads(arguments or "{}")}}


def line(name: str, content: str, *, tool_calls: list[Any] | None = None, **end: Any) -> bytes:
    message = {"role": "assistant", "content": content, **({"tool_calls": tool_calls} if tool_calls else {})}
    row = {"model": name, "created_at": NOW, "message": message, "done": False, **end}
    return json.dumps(row, ensure_ascii=False).encode() + b"\n"


def whole(lines: list[bytes], name: str, end: dict[str, Any]) -> bytes:
    messages = [json.loads(part)["message"] for part in lines]
    calls = [call for message in messages for call in message.get("tool_calls", ())]
    return line(name, "".join(message["content"] for message in messages), tool_calls=calls, **end)


async def misbehaved(respond: Responder, words: dict[str, str]) -> bool:
    if "html" in words:
        where = {"location": "https://team.cloudflareaccess.com/cdn-cgi/access/login/ollama"}
        await respond.whole(302, b"<html>Sign in</html>", "text/html", where)
    elif "busy" in words:
        await answer(respond, 503, {"error": "server busy, please try again. maximum pending requests exceeded"})
    elif "500" in words:
        await answer(respond, 500, {"error": "llama runner process has terminated"})
    else:
        return False
    return True


async def broken(respond: Responder, words: dict[str, str]) -> bool:
    if "crash" in words:
        await respond.more(b'{"error":"an error was encountered while running the model"}\n', is_last=True)
        return True
    if "break" in words:
        await respond.more(b'{"model":"qw')
        raise ConnectionResetError("as asked for")
    return False


async def answer(respond: Responder, status: int, content: Any, *, is_line: bool = False) -> None:
    await respond.whole(status, content if is_line else json.dumps(content).encode(), "application/json")
