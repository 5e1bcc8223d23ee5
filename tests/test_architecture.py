"""What the import contracts cannot see."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
ENGINE_MAY_IMPORT = {
    "__future__",
    "collections",
    "dataclasses",
    "decimal",
    "difflib",
    "enum",
    "functools",
    "hashlib",
    "itertools",
    "math",
    "operator",
    "re",
    "routing",
    "types",
    "typing",
    "unicodedata",
}


def imported_packages(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_the_import_contracts_hold():
    command = [Path(sys.executable).with_name("lint-imports"), "--config", "pyproject.toml", "--no-cache"]

    checked = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert checked.returncode == 0, checked.stdout


@pytest.mark.parametrize("path", sorted((ROOT / "routing/engine").glob("*.py")), ids=lambda path: path.name)
def test_the_engine_stands_on_the_standard_library_alone(path):
    packages = {name.split(".")[0] for name in imported_packages(path)}

    assert packages <= ENGINE_MAY_IMPORT
    assert all(name.startswith("routing.engine") for name in imported_packages(path) if name.startswith("routing"))


def test_no_relation_of_an_audit_model_points_outside_audit():
    relations = [
        field
        for model in apps.get_app_config("audit").get_models()
        for field in model._meta.get_fields()
        if field.is_relation and not field.auto_created
    ]

    assert [field for field in relations if field.related_model._meta.app_label != "audit"] == []


def test_no_audit_migration_names_another_app():
    dependencies = [
        node.value
        for path in (ROOT / "audit/migrations").glob("0*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and "." in node.value
    ]

    assert [name for name in dependencies if name.split(".")[0] in {"routing", "keys", "auth"}] == []


def test_a_serving_process_loads_nothing_large_that_it_does_not_use():
    unused = ("celery", "psycopg", "genai_prices", "pytest", "xllamacpp")
    script = f"import sys, smartgateway.asgi; print([name for name in {unused} if name in sys.modules])"
    environment = {**os.environ, "DATABASE_URL": "", "PYTHONWARNINGS": "ignore"}

    loaded = subprocess.check_output([sys.executable, "-c", script], cwd=ROOT, env=environment, text=True)

    assert loaded == "[]\n"
