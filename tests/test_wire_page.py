"""docs/wire.md names a test for each fact: each of them exists, and each fact has one."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "wire.md").read_text()
FILES = {name: (ROOT / "docs" / path).resolve() for name, path in re.findall(r"^\[([\w-]+)\]: (\S+)$", PAGE, re.M)}
NAMED = sorted(set(re.findall(r"\[([^\]]+)\]\[([\w-]+)\]", PAGE)))
ROWS = [line for line in PAGE.splitlines() if line.startswith("| ") and not line.startswith("| fact ")]


@cache
def functions_of(path):
    nodes = ast.walk(ast.parse(path.read_text()))
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize(("sentence", "place"), NAMED, ids=lambda word: word.replace(" ", "_"))
def test_a_test_that_is_named_for_a_fact_exists(sentence, place):
    name = f"test_{sentence.replace(' ', '_')}"

    assert name in functions_of(FILES[place]), f"{FILES[place].relative_to(ROOT)} has no {name}"


@pytest.mark.parametrize("row", ROWS)
def test_every_fact_has_a_test(row):
    assert re.search(r"\[[^\]]+\]\[[\w-]+\] *(?:, \[[^\]]+\]\[[\w-]+\] *)*\|$", row)


def test_no_file_is_listed_that_no_fact_needs():
    assert FILES.keys() == {place for _, place in NAMED}
