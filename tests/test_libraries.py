"""The libraries that programs are written with, through a gateway between doubles: text, and a tool's result.

Those that the tests do not have themselves are put into environments of their own, once per machine; that needs npm,
pip and their registries, and fails where they are missing.
"""

import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4

import pytest

from smartgateway.dashboard.clients import clients
from tests.agents.installing import NotInstalledError, installed
from tests.agents.library_recipes import CURRENT_PYTHON, ON_DEMAND
from tests.agents.running import Place, result_of, runs_of
from tests.doubles.ollama import OllamaDouble
from tests.gateway import KEY
from tests.upstreams import between_doubles

MODELS = ("local", "sonnet")
PLACE = Path(tempfile.gettempdir()) / "smartgateway-clients"


def runs(recipes):
    """With tools: the second answer of each is one without a call."""
    every = [run for recipe in recipes for run in runs_of(recipe, MODELS)]
    return [pytest.param(run, id=run.name) for run in every if run.with_tools]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with between_doubles(tmp_path_factory.mktemp("gateway"), OllamaDouble()) as world:
        world.gateway.homes = tmp_path_factory.mktemp("homes")
        yield world


def check(run, gateway):
    program = installed(run.recipe, PLACE)

    _, trouble = result_of(run, program, Place("ollama", gateway, gateway.homes))

    assert trouble == ""


@pytest.mark.parametrize("run", runs(CURRENT_PYTHON))
def test_the_current_python_clients_are_served(run, world):
    check(run, world.gateway)


@pytest.mark.long
@pytest.mark.parametrize("run", runs(ON_DEMAND))
def test_libraries_and_the_major_versions_before_are_served(run, world):
    check(run, world.gateway)


def printed_by_the_documented_program(recipe, gateway, suffix):
    """What docs/clients.md says, pasted into a file beside the library and run."""
    values = {"GATEWAY_URL": gateway.url, "GATEWAY_KEY": KEY}
    [step] = next(client for client in clients(values) if client.name == recipe.name).steps
    program, *_ = installed(recipe, PLACE)
    place = PLACE / recipe.name if recipe.package else gateway.homes
    path = place / f"documented-{uuid4().hex}{suffix}"
    path.write_text(step.code)
    try:
        return subprocess.run([program, path], capture_output=True, text=True, timeout=180, check=True).stdout
    finally:
        path.unlink()


def named(recipes, *names):
    found = {recipe.name: recipe for recipe in recipes if recipe.name in names}
    return [pytest.param(recipe, id=name) for name, recipe in found.items()]


@pytest.mark.parametrize("recipe", named(CURRENT_PYTHON, "openai-python", "anthropic-python"))
def test_the_documented_program_for_python_prints_an_answer(recipe, world):
    assert "decorator" in printed_by_the_documented_program(recipe, world.gateway, ".py")


@pytest.mark.long
@pytest.mark.parametrize("recipe", named(ON_DEMAND, "openai-javascript", "anthropic-javascript"))
def test_the_documented_program_for_javascript_prints_an_answer(recipe, world):
    assert "decorator" in printed_by_the_documented_program(recipe, world.gateway, ".mjs")


def test_a_machine_without_node_is_told_to_install_it(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    recipe = next(recipe for recipe in ON_DEMAND if recipe.is_npm)

    with pytest.raises(NotInstalledError, match=r"install Node\.js 20"):
        installed(recipe, tmp_path)
