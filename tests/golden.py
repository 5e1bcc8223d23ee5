"""Golden files: what goes over the wire, kept where a reader can open it and a change of it shows in a diff.

`pytest tests/test_golden_answers.py tests/test_golden_requests.py --write-goldens` writes them anew.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.ollama import OllamaDouble
from tests.doubles.openai_compatible import OpenAICompatibleDouble
from tests.doubles.replaying import Replaying
from tests.doubles.serving import serving
from tests.gateway import KEY

GOLDENS = Path(__file__).with_name("goldens")
LOCAL_DOUBLES: dict[str, Any] = {"ollama": OllamaDouble, "openai_compatible": OpenAICompatibleDouble}
MODELS = {"anthropic": "sonnet", "ollama": "local", "openai_compatible": "local"}
SEES = ("completion", "tools", "vision", "insert")
MADE_HERE = (
    (re.compile(rb"[0-9a-f]{32}"), b"0" * 32),
    (re.compile(rb"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), b"00000000-0000-0000-0000-000000000000"),
    (re.compile(rb'"(created|created_at|completed_at)":1[0-9]{9}\b'), rb'"\1":1790000000'),
)  # ids and times; whatever else changes is news


@dataclass(frozen=True)
class Upstream:
    """A provider's recorded side, and the gateway before it."""

    name: str
    double: Replaying
    client: httpx.Client

    @property
    def model(self) -> str:
        return MODELS[self.name]


@contextmanager
def upstreams(folder: Path) -> Iterator[dict[str, Upstream]]:
    """A gateway for each kind of local server; Claude stands behind the first."""
    claude, found = Replaying(AnthropicDouble()), {}
    with serving(claude) as claude_url, local_gateways(folder, claude_url) as served:
        for kind, (double, client) in served.items():
            found[kind] = Upstream(kind, double, client)
        yield found | {"anthropic": Upstream("anthropic", claude, found["ollama"].client)}


@contextmanager
def local_gateways(folder: Path, claude_url: str) -> Iterator[dict[str, tuple[Replaying, httpx.Client]]]:
    with before("ollama", folder, claude_url) as ollama, before("openai_compatible", folder, claude_url) as compatible:
        yield {"ollama": ollama, "openai_compatible": compatible}


@contextmanager
def before(kind: str, folder: Path, claude_url: str) -> Iterator[tuple[Replaying, httpx.Client]]:
    models = {"models": {"qwen2.5-coder:14b-instruct": SEES}} if kind == "ollama" else {}
    double = Replaying(LOCAL_DOUBLES[kind](**models))
    own = folder / kind
    own.mkdir()
    with serving(double) as local_url:
        variables = {
            "ANTHROPIC_API_KEY": "sk-ant-test",
            "ANTHROPIC_BASE_URL": claude_url,
            "LOCAL_LLM_BASE_URL": local_url,
            "LOCAL_LLM_KIND": kind,
            "LOCAL_FIM_MODEL": "qwen2.5-coder:14b-instruct",
            "LOCAL_NUM_CTX": "131072",
        }
        headers = {"authorization": f"Bearer {KEY}"}
        with (
            gateway.running(own, is_limited=False, **variables) as running,
            httpx.Client(base_url=running.url, headers=headers, timeout=60) as client,
        ):
            yield double, client


def stable(content: bytes) -> bytes:
    """Without what is another with every request."""
    for pattern, instead in MADE_HERE:
        content = pattern.sub(instead, content)
    return content


def check(path: Path, content: bytes, *, is_written: bool) -> None:
    """Equal to the file, which is written where that was asked for."""
    if is_written:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert path.exists(), f"there is no {path.relative_to(GOLDENS)} yet: --write-goldens writes it"
    assert content.decode() == path.read_bytes().decode()
