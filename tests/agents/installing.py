"""Puts a client into a folder of its own, once."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

from tests.agents.recipes import Recipe

PATIENCE_SECONDS = 900
SCRIPTS = Path(__file__).with_name("libraries")
VERSION = "import importlib.metadata, sys; print(importlib.metadata.version(sys.argv[1]))"
OTHERS = """
import importlib.metadata, re, subprocess, sys
name, *without = sys.argv[1:]
needed = [each for each in importlib.metadata.requires(name) if "extra ==" not in each]
kept = [each for each in needed if re.match(r"[\\w.-]+", each)[0] not in without]
subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *kept], check=True)
"""  # what a package needs, but for some


class NotInstalledError(Exception):
    """The registry cannot be reached, or the client does not install here."""


def installed(recipe: Recipe, folder: Path) -> list[str]:
    """How the client's program is called."""
    place = folder / recipe.name
    if recipe.script and not recipe.package:
        return [sys.executable, str(SCRIPTS / recipe.script)]
    if not (place / "is_whole").exists():
        fill(recipe, place)
    if not recipe.script:
        return [str(place / ("node_modules/.bin" if recipe.is_npm else "bin") / recipe.program)]
    if not recipe.is_npm:
        return [str(place / "bin" / "python"), str(SCRIPTS / recipe.script)]
    for script in SCRIPTS.glob("*.mjs"):  # node looks for packages from where a script is
        shutil.copy(script, place)
    return [recipe.program, str(place / recipe.script)]


def fill(recipe: Recipe, place: Path) -> None:
    for program in ("node", "npm") if recipe.is_npm else ():
        if shutil.which(program) is None:
            raise NotInstalledError(f"{recipe.name} needs {program}, which is not here: install Node.js 20 or newer")
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    for command in npm(recipe, place) if recipe.is_npm else pip(recipe, place):
        try:
            subprocess.run(command, cwd=place, check=True, capture_output=True, text=True, timeout=PATIENCE_SECONDS)
        except subprocess.CalledProcessError as exc:
            raise NotInstalledError(f"{recipe.package} does not install: {exc.stderr[-500:]}") from exc
        except (OSError, subprocess.SubprocessError) as exc:
            raise NotInstalledError(f"{recipe.package} does not install: {exc}") from exc
    (place / "is_whole").touch()


def npm(recipe: Recipe, place: Path) -> list[list[str]]:
    return [["npm", "install", "--no-fund", "--no-audit", "--prefix", str(place), recipe.package]]


def pip(recipe: Recipe, place: Path) -> list[list[str]]:
    python = str(place / "bin" / "python")
    install = [python, "-m", "pip", "install", "--quiet"]
    if recipe.without:
        rest = [python, "-c", OTHERS, recipe.distribution, *recipe.without]
        return [[sys.executable, "-m", "venv", str(place)], [*install, "--no-deps", recipe.package], rest]
    return [[sys.executable, "-m", "venv", str(place)], [*install, recipe.package]]


def version_of(recipe: Recipe, program: list[str], folder: Path) -> str:
    if recipe.script and recipe.is_npm:
        about = folder / recipe.name / "node_modules" / recipe.distribution / "package.json"
        return str(json.loads(about.read_text())["version"])
    if recipe.script:
        return told([program[0], "-c", VERSION, recipe.distribution])
    return told([*program, "--version"])


def told(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    found = re.search(r"\d+(?:\.\d+)+", done.stdout or done.stderr)
    return found[0] if found else "?"
