"""The libraries that programs are written with, through a gateway between doubles: text, and a tool's result.

Those that the tests do not have themselves are put into environments of their own, once per machine; that needs npm,
pip and their registries, and fails where they are missing.
"""

import tempfile
from pathlib import Path

import pytest

from tests.agents.installing import installed
from tests.agents.library_recipes import CURRENT_PYTHON, ON_DEMAND
from tests.agents.running import result_of, runs_of
from tests.doubles.ollama import OllamaDouble
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

    trouble = result_of(run, program, gateway, gateway.homes)

    assert trouble == ""


@pytest.mark.parametrize("run", runs(CURRENT_PYTHON))
def test_the_current_python_clients_are_served(run, world):
    check(run, world.gateway)


@pytest.mark.long
@pytest.mark.parametrize("run", runs(ON_DEMAND))
def test_libraries_and_the_major_versions_before_are_served(run, world):
    check(run, world.gateway)
