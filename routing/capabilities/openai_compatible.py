"""Asks a server that speaks OpenAI: all that such servers tell is the list of their models."""

from collections.abc import Mapping
from typing import Any

from routing.capabilities.findings import Findings, tried
from routing.capabilities.server import LocalServer, ask, rows, whole, with_note
from routing.engine.types import LocalModel
from routing.providers.base import Provider, ProviderError
from routing.providers.http import Upstream

DEMO_PREFIX = "demo/"
DEMO_CONTEXT_TOKENS = 2_048


class OpenAICompatibleScout:
    """Tests nothing unasked: whether tools are called is a matter of how such a server was started."""

    tests_by_itself = False

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._windows: dict[str, int | None] = {}
        self._found: dict[str, Findings] = {}
        self.is_llama_cpp = False
        self._props: int | None = None  # llama.cpp tells the context it really loaded there only

    async def look(self, wanted: str) -> LocalServer:
        listed = rows(await ask(self._upstream, "/v1/models"), "data", "id")
        self.is_llama_cpp = any(row.get("owned_by") == "llamacpp" for row in listed)
        windows = {row["id"]: loaded_window(row) for row in listed}
        if windows.keys() != self._windows.keys():
            self._props = None if all(windows.values()) else await self._context_of_props()
        self._windows = {row["id"]: windows[row["id"]] or self._props or most(row) for row in listed}
        names = tuple(name for name in self._windows if "embed" not in name.lower())
        server = LocalServer(True, frozenset(self._windows), names, self._windows)
        if server.serving(wanted).startswith(DEMO_PREFIX):
            return server  # meant to serve until something better is there
        return with_note(server, wanted, "set LOCAL_LLM_DEFAULT_MODEL to the one it serves")

    async def describe(self, name: str, server: LocalServer) -> LocalModel:
        if name.startswith(DEMO_PREFIX):
            return LocalModel(name, name in server.models, DEMO_CONTEXT_TOKENS, vision=False, tools=False, is_demo=True)
        found = self._found.get(name)
        return LocalModel(
            name,
            name in server.models,
            self._windows.get(name),
            vision=found.vision if found else None,
            tools=found.calls_tools if found else None,
        )

    def window(self, name: str) -> int | None:
        return self._windows.get(name)

    async def _context_of_props(self) -> int | None:
        try:
            props = await ask(self._upstream, "/props")
        except ProviderError:
            return None
        settings = props.get("default_generation_settings")
        return whole(settings.get("n_ctx")) if isinstance(settings, dict) else None

    def found(self, name: str) -> Findings | None:
        return self._found.get(name)

    def learn(self, name: str, findings: Findings) -> None:
        self._found[name] = findings

    async def probe(self, provider: Provider, name: str) -> Findings:
        facts = Findings(context_loaded=self._windows.get(name))
        is_able = not name.startswith(DEMO_PREFIX)
        return await tried(provider, name, facts, may_call_tools=is_able, may_see=is_able)

    def digest_of(self, name: str) -> str:
        """These servers tell none: the name has to do."""
        return name


def loaded_window(row: Mapping[str, Any]) -> int | None:
    """vLLM's and llama.cpp's names for the context of a listed model."""
    meta = row.get("meta")
    meta = meta if isinstance(meta, dict) else {}
    loaded = row.get("loaded_context_length")  # LM Studio's
    return whole(row.get("max_model_len")) or whole(loaded) or whole(meta.get("n_ctx"))


def most(row: Mapping[str, Any]) -> int | None:
    """What the model was trained for: more than what is loaded, as a rule."""
    meta = row.get("meta")
    return whole(meta.get("n_ctx_train")) if isinstance(meta, dict) else None
