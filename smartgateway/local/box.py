"""The closing box of `make run`: where it answers, with which key, how to try it, and what is not configured yet.

Only rules above and below, so that each command can be copied as it stands.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

WIDTH = 100
ASK = "Explain what a Python list comprehension does"
CURL_OPTIONS = "-H \"Authorization: Bearer $KEY\" -H 'Content-Type: application/json'"
MARKS = {True: "✓", False: "✗", None: "○"}


@dataclass(frozen=True)
class Bootstrapped:
    """What the gateway starts with. Secrets are there only when they were made just now and nobody knows them."""

    admin: str
    admin_password: str = ""
    key: str = ""
    key_shown: str = ""


@dataclass(frozen=True)
class State:
    """How one thing stands: well, not well, or (None) not configured; with the next step, where there is one."""

    name: str
    is_well: bool | None
    words: str
    next_step: str = ""

    def lines(self) -> Iterator[str]:
        yield f"{MARKS[self.is_well]} {self.name:<12} {self.words}"
        if self.next_step:
            yield f"{'':<15}→ {self.next_step}"


def box(url: str, python: str, made: Bootstrapped, states: Iterable[State]) -> str:
    parts = (heading(url, python, made), commands(url, made), clients(url), status(states))
    body = "\n\n".join("\n".join(f"  {line}" for line in part) for part in parts)
    return f"{'━' * WIDTH}\n{body}\n{'━' * WIDTH}"


def heading(url: str, python: str, made: Bootstrapped) -> Iterator[str]:
    yield f"SmartGateway answers on {url}"
    if made.key:
        yield f"API key      {made.key}  (shown only now: keep it)"
    else:
        another = f"another: {python} manage.py create_api_key NAME"
        yield f"API key      {made.key_shown or 'none is active'}  ({another})"
    password = f", password {made.admin_password}  (shown only now)" if made.admin_password else ""
    yield f"Admin        {url}/admin/ as {made.admin}{password}"
    yield f"Dashboard    {url}/dashboard/"


def commands(url: str, made: Bootstrapped) -> Iterator[str]:
    messages = f'"messages":[{{"role":"user","content":"{ASK}"}}]'
    yield "Try it: an answer, why it was routed as it was, and the record of it"
    yield f"export KEY={made.key or 'sk-sg-...'}"
    yield f'curl -N {url}/v1/chat/completions {CURL_OPTIONS} -d \'{{"model":"auto","stream":true,{messages}}}\''
    yield f"curl {url}/v1/route {CURL_OPTIONS} -d '{{{messages}}}'"
    yield f"curl {url}/v1/decisions {CURL_OPTIONS}"


def clients(url: str) -> Iterator[str]:
    yield "Set up Claude Code and Cursor (whose own servers must be able to reach this address)"
    yield f"ANTHROPIC_BASE_URL={url} ANTHROPIC_AUTH_TOKEN=$KEY ANTHROPIC_MODEL=claude-auto claude"
    yield f"Cursor: Settings > Models > OpenAI API Key $KEY, Override OpenAI Base URL {url}/v1, model auto"
    yield f"Others: {url}/connect/"


def status(states: Iterable[State]) -> Iterator[str]:
    for state in states:
        yield from state.lines()
