"""A look at an Ollama on this machine, for the box and the doctor; the gateway itself looks through routing."""

import json
from dataclasses import dataclass
from urllib.error import URLError
from urllib.request import urlopen

USUAL_ADDRESS = "http://127.0.0.1:11434"
PATIENCE_SECONDS = 1.0


@dataclass(frozen=True)
class Ollama:
    """`chat_models` are installed, largest first."""

    chat_models: tuple[str, ...] = ()

    def serving(self, wanted: str) -> str:
        """The wanted model where it is installed, else the largest; empty without any."""
        for name in (wanted, f"{wanted}:latest"):
            if name in self.chat_models:
                return name
        return self.chat_models[0] if self.chat_models else ""


def look(address: str = USUAL_ADDRESS) -> Ollama | None:
    try:
        with urlopen(f"{address}/api/tags", timeout=PATIENCE_SECONDS) as answer:
            rows = json.load(answer)["models"]
        rows = sorted((row for row in rows if can_chat(row)), key=lambda row: row["size"], reverse=True)
        return Ollama(tuple(row["name"] for row in rows))
    except (URLError, OSError, ValueError, KeyError, TypeError):
        return None


def can_chat(row: dict[str, object]) -> bool:
    details = row.get("details")
    family = str(details.get("family", "")) if isinstance(details, dict) else ""
    return "bert" not in family and "embed" not in str(row["name"])
