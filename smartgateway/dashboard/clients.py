"""How each client is set up, filled in: what the page /connect/ shows and docs/clients.md says."""

import ipaddress
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import yaml

SOURCE = Path(__file__).with_name("clients.yaml")
EXAMPLE_URL, EXAMPLE_KEY = "https://gateway.example.com", "sk-sg-YOUR-KEY"
PRIVATE_NAMES = (".local", ".internal", ".lan", ".home.arpa", ".localhost")


@dataclass(frozen=True, slots=True)
class Step:
    """Something to paste: into a file, or where the text says."""

    place: str
    text: str
    file: str
    code: str


@dataclass(frozen=True, slots=True)
class Client:
    name: str
    title: str
    about: str
    needs_public_address: bool
    steps: tuple[Step, ...]


def clients(values: dict[str, str]) -> list[Client]:
    """`values` maps the words in capitals of the source to what stands in their place."""
    return [
        Client(
            entry["name"],
            entry["title"],
            entry.get("about", ""),
            entry.get("needs_public_address", False),
            tuple(_steps(entry, values)),
        )
        for entry in _source()
    ]


def _steps(entry: dict[str, Any], values: dict[str, str]) -> Iterator[Step]:
    for number, step in enumerate(entry["steps"], start=1):
        code = step["code"].rstrip("\n")
        for word, value in values.items():
            code = code.replace(word, value)
        yield Step(f"{entry['name']}-{number}", step.get("text", ""), step.get("file", ""), code)


@cache
def _source() -> list[dict[str, Any]]:
    loaded: list[dict[str, Any]] = yaml.safe_load(SOURCE.read_text())
    return loaded


def is_public(address: str) -> bool:
    """Whether servers elsewhere can call it: https, and no name or number of a private network."""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "https" or "." not in host or host.endswith(PRIVATE_NAMES):
        return False
    try:
        return ipaddress.ip_address(host).is_global
    except ValueError:
        return True


def as_markdown(values: dict[str, str]) -> str:
    """The whole page of the docs."""
    lines = [
        "# Connecting clients",
        "",
        "`/connect/` on your gateway shows this to who is signed in, with its address and a key filled in.",
        "Model `auto` is routed; the other names are in [the API](api.md). `manage.py client_setup` prints this page.",
        "Which of these were tried, and how: [clients-tried.md](clients-tried.md).",
    ]
    for client in clients(values):
        lines += ["", f"## {client.title}", *_paragraph(client.about)]
        for step in client.steps:
            title = f"{step.text.rstrip('.:')}:" if step.text else f"`{step.file}`:" if step.file else ""
            lines += [*_paragraph(title), "", "```", step.code, "```"]
    return "\n".join(lines) + "\n"


def _paragraph(text: str) -> list[str]:
    return ["", text] if text else []
