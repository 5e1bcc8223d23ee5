"""What `make run` finds on this machine, and what it brings itself where nothing is configured."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from smartgateway.local import model, ollama, valkey
from smartgateway.local.ollama import Ollama


@dataclass(frozen=True)
class Found:
    """`ollama` is looked for, and the own parts are brought, only where the environment names nothing."""

    ollama: Ollama | None = None
    brings_model: bool = False
    valkey_server: str | None = None

    def environment(self, model_port: int, socket: Path) -> Mapping[str, str]:
        """What the parts are told on top of the configuration, for this run only."""
        told: dict[str, str] = {}
        if self.brings_model:
            told |= {"LOCAL_LLM_BASE_URL": f"http://127.0.0.1:{model_port}", "LOCAL_LLM_KIND": "openai_compatible"}
        elif self.ollama:
            told |= {"LOCAL_LLM_BASE_URL": ollama.USUAL_ADDRESS, "LOCAL_LLM_KIND": "ollama"}
        if self.valkey_server:
            told["REDIS_URL"] = f"unix://{socket}"
        return told


def look() -> Found:
    if os.environ.get("LOCAL_LLM_BASE_URL"):
        found, brings_model = None, False
    else:
        found = ollama.look()
        brings_model = not (found and found.chat_models) and model.is_installed()
    return Found(found, brings_model, None if os.environ.get("REDIS_URL") else valkey.find_server())
