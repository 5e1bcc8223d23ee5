"""Asks an Ollama server."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from routing.capabilities.findings import Findings, tried
from routing.capabilities.server import LocalServer, ask, rows, whole, with_note
from routing.engine.types import LocalModel
from routing.providers.base import Provider, ProviderError
from routing.providers.http import Upstream
from routing.providers.ollama.versions import Version, counts_whole, note_on, version_of

LIST_AGAIN_SECONDS = 30.0
EMBEDDING_FAMILIES = frozenset({"bert", "nomic-bert", "nomic-bert-moe", "gemma-embedding"})


class OllamaScout:
    """Asks often what is loaded (cheap), seldom what is installed, and once per digest what a model can."""

    tests_by_itself = True

    def __init__(self, upstream: Upstream, *, num_ctx: int) -> None:
        self._upstream = upstream
        self._num_ctx = num_ctx
        self._installed: list[dict[str, Any]] = []
        self._listed_at = float("-inf")
        self._version: Version | None = None
        self._shown: dict[str, dict[str, Any]] = {}  # by digest
        self._found: dict[str, Findings] = {}  # by digest

    async def look(self, wanted: str) -> LocalServer:
        loaded = rows(await ask(self._upstream, "/api/ps"), "models", "name")
        names = {row["name"] for row in self._installed}
        is_news = any(row["name"] not in names for row in loaded)
        if is_news or time.monotonic() - self._listed_at > LIST_AGAIN_SECONDS:
            self._installed = rows(await ask(self._upstream, "/api/tags"), "models", "name")
            self._version = await self._ask_version()
            self._listed_at = time.monotonic()
        server = LocalServer(
            is_reachable=True,
            models=frozenset(row["name"] for row in self._installed),
            chat_models=chat_models(self._installed),
            loaded={row["name"]: whole(row.get("context_length")) for row in loaded},
        )
        server = with_note(server, wanted, f"ollama pull {wanted}")
        note = note_on(self._version)
        return replace(server, notes=(*server.notes, note)) if note else server

    async def describe(self, name: str, server: LocalServer) -> LocalModel:
        known = await self._show(name)
        capabilities = self._capabilities(name)
        found = self._found.get(self.digest_of(name))
        return LocalModel(
            name=name,
            loaded=name in server.loaded,
            context_tokens=server.loaded.get(name) or min(self._num_ctx, context_length(known) or self._num_ctx),
            vision=self.sees(name),
            tools=False
            if capabilities is not None and "tools" not in capabilities
            else found.calls_tools
            if found
            else None,
        )

    def found(self, name: str) -> Findings | None:
        return self._found.get(self.digest_of(name))

    def learn(self, name: str, findings: Findings) -> None:
        if digest := self.digest_of(name):
            self._found[digest] = findings

    async def probe(self, provider: Provider, name: str) -> Findings:
        """Loads the model where it is not loaded, and asks it; what was found before is no reason to refuse."""
        self._found.pop(self.digest_of(name), None)
        shown = await self._show(name)
        capabilities = self._capabilities(name)
        told = Findings(
            thinking=None if capabilities is None else "thinking" in capabilities,
            context_max=context_length(shown),
        )
        found = await tried(
            provider,
            name,
            told,
            may_call_tools=capabilities is None or "tools" in capabilities,
            may_see=capabilities is None or "vision" in capabilities,
        )
        loaded = rows(await ask(self._upstream, "/api/ps"), "models", "name")
        row = next((row for row in loaded if row["name"] == name), {})
        return replace(found, context_loaded=whole(row.get("context_length")), gpu_share=gpu_share(row))

    def thinks(self, name: str) -> bool:
        return "thinking" in (self._capabilities(name) or ())

    def sees(self, name: str) -> bool | None:
        """What it showed when it was tested; until then what is said of it."""
        capabilities, found = self._capabilities(name), self.found(name)
        if found is not None and found.vision is not None:
            return found.vision
        return None if capabilities is None else "vision" in capabilities

    def counts_whole(self) -> bool:
        return counts_whole(self._version)

    def digest_of(self, name: str) -> str:
        return next((str(row.get("digest", "")) for row in self._installed if row["name"] == name), "")

    async def _ask_version(self) -> Version | None:
        """As it was known before where it is not told: a proxy that lets nothing else through is no outage."""
        try:
            return version_of((await ask(self._upstream, "/api/version")).get("version"))
        except ProviderError:
            return self._version

    async def _show(self, name: str) -> dict[str, Any] | None:
        digest = self.digest_of(name)
        if digest and digest not in self._shown:
            content = msgspec.json.encode({"model": name})
            self._shown[digest] = await ask(self._upstream, "/api/show", content)
        return self._shown.get(digest)

    def _capabilities(self, name: str) -> frozenset[str] | None:
        able = self._shown.get(self.digest_of(name), {}).get("capabilities")
        return frozenset(map(str, able)) if isinstance(able, list) else None


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


def gpu_share(row: Mapping[str, Any]) -> float | None:
    size, on_gpu = whole(row.get("size")), row.get("size_vram")
    return min(1.0, max(0, on_gpu) / size) if size and isinstance(on_gpu, int) else None
