"""Asks an Ollama server."""

import time
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from routing.capabilities.server import LocalServer, ask, rows, whole, with_note
from routing.engine.types import LocalModel
from routing.providers.base import Call, Provider, ProviderRejectedError, Timeouts
from routing.providers.http import Upstream

LIST_AGAIN_SECONDS = 30.0
PROBE_AGAIN_SECONDS = 60.0
PROBE_TIMEOUTS = Timeouts(connect=5.0, first_byte=300.0, between_bytes=120.0)
EMBEDDING_FAMILIES = frozenset({"bert", "nomic-bert", "nomic-bert-moe", "gemma-embedding"})
PROBE: dict[str, Any] = {
    "messages": [{"role": "user", "content": "What is the weather in Oslo right now? Use the tool."}],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "The current weather of a city",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                },
            },
        }
    ],
    "max_tokens": 512,
}


class OllamaScout:
    """Asks often what is loaded (cheap), seldom what is installed, and once per digest what a model can."""

    def __init__(self, upstream: Upstream, *, num_ctx: int) -> None:
        self._upstream = upstream
        self._num_ctx = num_ctx
        self._installed: list[dict[str, Any]] = []
        self._listed_at = float("-inf")
        self._shown: dict[str, dict[str, Any]] = {}  # by digest
        self._calls_tools: dict[str, bool] = {}  # by digest
        self._probe_at = float("-inf")

    async def look(self, wanted: str) -> LocalServer:
        loaded = rows(await ask(self._upstream, "/api/ps"), "models", "name")
        names = {row["name"] for row in self._installed}
        is_news = any(row["name"] not in names for row in loaded)
        if is_news or time.monotonic() - self._listed_at > LIST_AGAIN_SECONDS:
            self._installed = rows(await ask(self._upstream, "/api/tags"), "models", "name")
            self._listed_at = time.monotonic()
        server = LocalServer(
            is_reachable=True,
            models=frozenset(row["name"] for row in self._installed),
            chat_models=chat_models(self._installed),
            loaded={row["name"]: whole(row.get("context_length")) for row in loaded},
        )
        return with_note(server, wanted, f"ollama pull {wanted}")

    async def describe(self, name: str, server: LocalServer) -> LocalModel:
        digest = self._digest_of(name)
        if digest and digest not in self._shown:
            content = msgspec.json.encode({"model": name})
            self._shown[digest] = await ask(self._upstream, "/api/show", content)
        known = self._shown.get(digest)
        able = known.get("capabilities") if known else None
        capabilities = frozenset(map(str, able)) if isinstance(able, list) else None
        return LocalModel(
            name=name,
            loaded=name in server.loaded,
            context_tokens=server.loaded.get(name) or min(self._num_ctx, context_length(known) or self._num_ctx),
            vision=None if capabilities is None else "vision" in capabilities,
            tools=False if capabilities is not None and "tools" not in capabilities else self._calls_tools.get(digest),
        )

    async def probe(self, provider: Provider, name: str) -> None:
        """Ask for a tool call and see whether one comes, once per digest."""
        digest = self._digest_of(name)
        able = self._shown.get(digest, {}).get("capabilities")
        is_known = not digest or digest in self._calls_tools or not isinstance(able, list) or "tools" not in able
        if is_known or time.monotonic() < self._probe_at:
            return
        self._probe_at = time.monotonic() + PROBE_AGAIN_SECONDS
        try:
            answer = await provider.complete(Call(name, PROBE, attempt_id="probe", timeouts=PROBE_TIMEOUTS))
        except ProviderRejectedError:
            self._calls_tools[digest] = False
            return
        message = answer.completion["choices"][0]["message"] if answer.completion else {}
        self._calls_tools[digest] = bool(message.get("tool_calls"))

    def thinks(self, name: str) -> bool:
        able = self._shown.get(self._digest_of(name), {}).get("capabilities")
        return isinstance(able, list) and "thinking" in able

    def _digest_of(self, name: str) -> str:
        return next((str(row.get("digest", "")) for row in self._installed if row["name"] == name), "")


def chat_models(installed: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    """Largest first; models that only embed are left out."""
    able = [row for row in installed if not only_embeds(row)]
    return tuple(row["name"] for row in sorted(able, key=lambda row: -(whole(row.get("size")) or 0)))


def only_embeds(row: Mapping[str, Any]) -> bool:
    details = row.get("details")
    family = details.get("family") if isinstance(details, dict) else None
    return str(family) in EMBEDDING_FAMILIES or "embed" in row["name"].lower()


def context_length(shown: Mapping[str, Any] | None) -> int | None:
    info = (shown or {}).get("model_info")
    if not isinstance(info, dict):
        return None
    return next((whole(value) for name, value in info.items() if name.endswith(".context_length")), None)
