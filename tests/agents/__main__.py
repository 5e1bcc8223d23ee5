"""`make clients [NAMES=...]`: installs each client, lets it ask a gateway between doubles, and prints a table."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartgateway.settings")
import tests.environment  # isort: skip  # its variables, before the settings are read
import django

django.setup()

from tests.agents.installing import NotInstalledError, installed, version_of  # noqa: E402
from tests.agents.library_recipes import LIBRARIES  # noqa: E402
from tests.agents.recipes import RECIPES, Recipe  # noqa: E402
from tests.agents.running import Place, result_of, runs_of  # noqa: E402
from tests.doubles.ollama import OllamaDouble, app  # noqa: E402
from tests.doubles.openai_compatible import OpenAICompatibleDouble  # noqa: E402
from tests.upstreams import between_doubles  # noqa: E402

assert tests.environment
ALL = (*RECIPES, *LIBRARIES)
MODELS = {"ollama": ("auto", "local", "sonnet"), "openai_compatible": ("local",)}
CONTEXT = 131_072  # agents send long prompts
Row = tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(prog="make clients")
    parser.add_argument("names", nargs="*", choices=[[], *(recipe.name for recipe in ALL)], metavar="NAME")
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "smartgateway-clients")
    options = parser.parse_args()
    chosen = [recipe for recipe in ALL if recipe.name in (options.names or [recipe.name])]
    app.MODEL_CONTEXT = CONTEXT
    rows: list[Row] = []
    with (
        tempfile.TemporaryDirectory() as folder,
        places(Path(folder)) as found,
    ):
        for recipe in chosen:
            rows += tried(recipe, found, options.folder)
    print(table(rows))
    return int(any(row[-1] != "well" for row in rows))


@contextmanager
def places(folder: Path) -> Iterator[list[Place]]:
    """A gateway before each kind of local server."""
    ollama, compatible = folder / "ollama", folder / "openai_compatible"
    ollama.mkdir()
    compatible.mkdir()
    with (
        between_doubles(ollama, OllamaDouble(), LOCAL_NUM_CTX=str(CONTEXT)) as one,
        between_doubles(compatible, OpenAICompatibleDouble(CONTEXT), LOCAL_LLM_KIND="openai_compatible") as other,
    ):
        yield [Place("ollama", one.gateway, ollama), Place("openai_compatible", other.gateway, compatible)]


def tried(recipe: Recipe, found: list[Place], folder: Path) -> Iterator[Row]:
    print(f"installing {recipe.name}", file=sys.stderr)
    try:
        program = installed(recipe, folder)
    except NotInstalledError as exc:
        yield (recipe.name, "-", recipe.face, "-", "-", "-", "-", f"not installed: {exc}")
        return
    version = version_of(recipe, program, folder)
    for place, run in [(each, run) for each in found for run in runs_of(recipe, MODELS[each.local_kind])]:
        provider, trouble = result_of(run, program, place)
        print(f"{run.name} over {provider}: {trouble or 'well'}", file=sys.stderr)
        streamed, tools = ("yes" if run.is_stream else "no"), ("yes" if run.with_tools else "no")
        yield (recipe.name, version, recipe.face, run.model, provider, streamed, tools, trouble or "well")


def table(rows: list[Row]) -> str:
    head = ("client", "version", "face", "model", "provider", "streamed", "tools", "result")
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


if __name__ == "__main__":
    sys.exit(main())
