"""Puts a client into a folder of its own, once."""

import re
import subprocess
import sys
from pathlib import Path

from tests.agents.recipes import Recipe

PATIENCE_SECONDS = 900


class NotInstalledError(Exception):
    """The registry cannot be reached, or the client does not install here."""


def installed(recipe: Recipe, folder: Path) -> Path:
    """The client's program."""
    place = folder / recipe.name
    program = place / ("node_modules/.bin" if recipe.is_npm else "bin") / recipe.program
    if not program.exists():
        place.mkdir(parents=True, exist_ok=True)
        try:
            for command in npm(recipe, place) if recipe.is_npm else pip(recipe, place):
                subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=PATIENCE_SECONDS)
        except (OSError, subprocess.SubprocessError) as exc:
            raise NotInstalledError(str(exc)) from exc
    return program


def npm(recipe: Recipe, place: Path) -> list[list[str]]:
    return [["npm", "install", "--no-fund", "--no-audit", "--prefix", str(place), recipe.package]]


def pip(recipe: Recipe, place: Path) -> list[list[str]]:
    python = str(place / "bin" / "python")
    return [[sys.executable, "-m", "venv", str(place)], [python, "-m", "pip", "install", "--quiet", recipe.package]]


def version_of(program: Path) -> str:
    done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout or done.stderr)
    return found[0] if found else "?"
