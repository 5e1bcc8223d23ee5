"""What runs in production is in requirements.txt, though the tests run beside everything else."""

import os
import re
import subprocess
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)
WITHOUT = """
import importlib, pkgutil, sys

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {missing}:
            raise ModuleNotFoundError(f"{{name}} is not in requirements.txt", name=name)

sys.meta_path.insert(0, Missing())
import smartgateway.asgi
import kombu.transport.redis, celery.concurrency.thread, celery.concurrency.prefork, celery.bin.worker, celery.bin.beat
for package in ("smartgateway", "routing", "audit"):
    for module in pkgutil.walk_packages([package], package + "."):
        if ".tests" not in module.name:
            importlib.import_module(module.name)
"""


def pinned(name):
    pins = re.findall(r"^([\w.-]+)==", (ROOT / name).read_text(), re.MULTILINE)
    return {pin.lower().replace("_", "-") for pin in pins}


def test_every_module_of_ours_is_imported_from_production_requirements_alone():
    only_for_tests = pinned("requirements-dev.txt") - pinned("requirements.txt")
    missing = {
        module
        for module, distributions in packages_distributions().items()
        if {name.lower().replace("_", "-") for name in distributions} <= only_for_tests
    }
    assert {"pytest", "anthropic", "openai"} <= missing

    result = subprocess.run(
        [sys.executable, "-c", WITHOUT.format(missing=missing)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "smartgateway.settings"},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 0, result.stderr


def test_every_pin_carries_its_hashes():
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-local.txt"):
        pins = re.split(r"^(?=[\w.\[\]-]+==)", (ROOT / name).read_text(), flags=re.MULTILINE)[1:]

        assert all("--hash=sha256:" in pin for pin in pins)
