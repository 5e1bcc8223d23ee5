"""What the local model server has and can do. What is not known stays unknown."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import msgspec

from routing.capabilities.findings import Findings
from routing.engine.types import LocalModel
from routing.providers.base import Provider, ProviderError, ProviderMisconfiguredError, Timeouts
from routing.providers.http import Upstream

LOOK = Timeouts(connect=1.0, first_byte=2.0, between_bytes=2.0)


@dataclass(frozen=True, slots=True)
class LocalServer:
    """One look at the server. `models` are installed, `chat_models` those that can answer, largest first."""

    is_reachable: bool = False
    models: frozenset[str] = frozenset()
    chat_models: tuple[str, ...] = ()
    loaded: Mapping[str, int | None] = field(default_factory=dict)  # name -> tokens of its window
    notes: tuple[str, ...] = ()

    def find(self, name: str) -> str | None:
        """The installed model of this name; without a tag, `:latest` is meant."""
        if name in self.models:
            return name
        return f"{name}:latest" if f"{name}:latest" in self.models else None

    def serving(self, wanted: str) -> str:
        """The wanted model, or the largest one that can chat where it is not installed."""
        return self.find(wanted) or (self.chat_models[0] if self.chat_models else wanted)


class Scout(Protocol):
    """Knows how to ask one kind of server."""

    tests_by_itself: bool

    async def look(self, wanted: str) -> LocalServer: ...

    async def describe(self, name: str, server: LocalServer) -> LocalModel: ...

    async def probe(self, provider: Provider, name: str) -> Findings: ...

    def found(self, name: str) -> Findings | None: ...

    def learn(self, name: str, findings: Findings) -> None: ...

    def digest_of(self, name: str) -> str: ...


async def ask(upstream: Upstream, path: str, content: bytes | None = None) -> dict[str, Any]:
    if content is None:
        body = await upstream.get(path, LOOK)
    else:
        reply = await upstream.post(path, content, LOOK)
        body = await reply.body()
    try:
        parsed = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        parsed = None
    if not isinstance(parsed, dict):
        raise ProviderMisconfiguredError(f"{upstream.label} does not speak JSON at {path}", kind="invalid_answer")
    return parsed


def rows(parsed: Mapping[str, Any], name: str, key: str) -> list[dict[str, Any]]:
    """The rows of a list that have a name under `key`."""
    found = parsed.get(name)
    found = found if isinstance(found, list) else []
    return [row for row in found if isinstance(row, dict) and isinstance(row.get(key), str)]


def with_note(server: LocalServer, wanted: str, remedy: str) -> LocalServer:
    if server.find(wanted) is not None:
        return server
    serving = f"{server.chat_models[0]} serves instead" if server.chat_models else "no chat model is there"
    note = f"{wanted} is not installed; {serving}: {remedy}"
    return replace(server, notes=(note,))


def unreachable(exc: ProviderError | TimeoutError) -> LocalServer:
    why = exc.message if isinstance(exc, ProviderError) else "the local model server did not answer in time"
    return LocalServer(notes=(f"{why}: check LOCAL_LLM_BASE_URL and that the server runs",))


def whole(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
