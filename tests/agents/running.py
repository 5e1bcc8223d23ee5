"""One client, set up in a home of its own, asks one thing; its words and the record tell what came of it."""

import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from audit.ids import id_at
from smartgateway.dashboard.clients import clients
from tests.agents.recipes import ASK, CONTENT, FILE, SAID, Recipe
from tests.gateway import KEY, Gateway, wait_until

PATIENCE_SECONDS = 180
AUTO = re.compile(r"\b(?:claude-)?auto\b")
ROWS = """
SELECT d.id, d.face, d.is_stream, d.provider_name, o.status FROM audit_routingdecision d
JOIN audit_outcome o ON o.decision_id = d.id WHERE d.id >= '{first}' ORDER BY d.id
"""
Row = tuple[str, str, bool, str, str]


@dataclass(frozen=True)
class Place:
    """A gateway, what its local server speaks, and a folder for the homes of those who ask it."""

    local_kind: str
    gateway: Gateway
    homes: Path


@dataclass(frozen=True)
class Run:
    """`model` is what stands in the set-up: auto, as the docs have it, or a tier in its place."""

    recipe: Recipe
    model: str
    is_stream: bool
    with_tools: bool

    @property
    def name(self) -> str:
        return f"{self.recipe.name}-{self.recipe.face}-{self.model}-{self.is_stream}-{self.with_tools}"


def runs_of(recipe: Recipe, models: tuple[str, ...]) -> Iterator[Run]:
    for model in models:
        for is_stream in recipe.streams:
            for with_tools in (False, True) if recipe.tool_ask else (False,):
                yield Run(recipe, model, is_stream, with_tools)


def result_of(run: Run, program: list[str], place: Place) -> tuple[str, str]:
    """Who served, as recorded, and what is wrong: empty when all is well."""
    home, gateway = place.homes / run.name, place.gateway
    first = id_at(datetime.now(UTC)).hex
    said = asked(run, program, home, set_up(run, gateway.url, home))
    expected = run.recipe.tool_says if run.with_tools else SAID
    if expected not in said:
        return "-", f"does not say {expected!r}: {said[-200:]!r}"
    needed = 2 if run.with_tools else 1  # the call, and the answer after it
    rows: list[Row] = []

    def are_there() -> bool:
        rows[:] = gateway.rows(ROWS.format(first=first))  # type: ignore[assignment]
        return len(rows) >= needed

    wait_until(are_there, f"{needed} outcomes are shipped")
    served = {place.local_kind if name == "local" else name for _, _, _, name, _ in rows}
    return ", ".join(sorted(served)), trouble_in(run, rows)


def trouble_in(run: Run, rows: list[Row]) -> str:
    """Another face, another way of answering, another provider, or a request that was not answered."""
    provider = {"local": "local", "sonnet": "anthropic"}.get(run.model)
    for _, face, is_stream, provider_name, status in rows:
        if status != "answered" or face != run.recipe.face or bool(is_stream) != run.is_stream:
            return f"recorded as {face}, {'streamed' if is_stream else 'whole'}, {status}"
        if provider not in (None, provider_name):
            return f"served by {provider_name}"
    return ""


def set_up(run: Run, url: str, home: Path) -> dict[str, str]:
    """Writes the files of the documented set-up; the environment to run in."""
    (home / "work").mkdir(parents=True)
    (home / "work" / FILE).write_text(CONTENT)
    values = {"GATEWAY_URL": url, "GATEWAY_KEY": KEY, "OPUS_ID": "claude-opus-5-5", "SONNET_ID": "claude-sonnet-5-5"}
    found = [client for client in clients(values) if client.name == run.recipe.name and not run.recipe.script]
    for step in (step for client in found for step in client.steps):
        if step.file:
            path = home / run.recipe.places.get(step.file, step.file.removeprefix("~/"))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(AUTO.sub(run.model, step.code))
    own = {name: value.format(home=home) for name, value in run.recipe.environment.items()}
    own |= {"GATEWAY_URL": url} if run.recipe.script else {}
    return {"HOME": str(home), "PATH": os.environ["PATH"], "TERM": "dumb", "NO_COLOR": "1", **own}


def asked(run: Run, program: list[str], home: Path, environment: dict[str, str]) -> str:
    recipe, ask = run.recipe, run.recipe.tool_ask if run.with_tools else ASK
    for arguments in recipe.before:
        subprocess.run([*program, *arguments], env=environment, check=True, capture_output=True)
    command = recipe.command(program, ask, run.model)
    command = [argument.replace("{home}", str(home)) for argument in command]
    command += [*(recipe.tool_options if run.with_tools else ()), *(() if run.is_stream else recipe.no_stream)]
    try:
        done = subprocess.run(
            command,
            cwd=home / "work",
            env=environment,
            input=ask if recipe.is_asked_by_pipe else "",
            capture_output=True,
            text=True,
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"silence for {PATIENCE_SECONDS} s"
    return done.stdout if done.returncode == 0 else f"status {done.returncode}: {(done.stderr or done.stdout)[-500:]}"
