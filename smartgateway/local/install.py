"""Makes the project's own Python environment, refills it when a requirements file changed, then runs a command in it.

Runs on the machine's own Python, before anything is installed: standard library only, syntax of old Pythons.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

OLDEST = (3, 11)
NEWER_PYTHONS = ("python3.11", "python3.12", "python3.13", "python3.14")
PIP_OPTIONS = {
    "requirements.txt": ("--require-hashes",),
    "requirements-dev.txt": ("--require-hashes",),
    "requirements-local.txt": ("--require-hashes", "--no-deps"),
}
NEEDED = "import venv; from ensurepip import version"  # not only a folder that an uninstalled package left
OPTIONAL = "requirements-local.txt"  # the gateway runs without the embedded parts, and says what is missing


class InstallError(Exception):
    """One sentence for the person who typed the command."""


def suitable_python() -> str:
    """This Python when it is new enough, else a newer one on the path."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for name in NEWER_PYTHONS:
        found = shutil.which(name)
        if found:
            return found
    needed = ".".join(map(str, OLDEST))
    version = sys.version.split()[0]
    raise InstallError(f"Python {needed} or newer is needed, this is {version}: install it, or name it with PYTHON=...")


def make_environment(folder: Path) -> Path:
    """The environment's Python; made when it is missing or was left half made."""
    python = folder / "bin" / "python"
    if has_pip(python):
        return python
    base = suitable_python()
    if subprocess.run([base, "-c", NEEDED], stderr=subprocess.DEVNULL, check=False).returncode:
        raise InstallError("Python's venv module is missing: `apt install python3-venv` (as root), then try again.")
    tell(f"Making {folder} ...")
    if subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=False).returncode:
        raise InstallError(f"{folder} could not be made; Python's own words stand above.")
    return python


def has_pip(python: Path) -> bool:
    return any(python.parent.parent.glob("lib/python3.*/site-packages/pip/__init__.py")) and python.exists()


def fill(python: Path, requirements: list[str], sources: Path) -> None:
    for name in requirements:
        stamp = python.parent.parent / f".{name}.sha256"
        digest = hashlib.sha256((sources / name).read_bytes()).hexdigest()
        if stamp.exists() and stamp.read_text() == digest:
            continue
        tell(f"Installing {name} ...")
        if install(python, sources / name, PIP_OPTIONS[name]):
            stamp.write_text(digest)
        elif name != OPTIONAL:
            raise InstallError(f"{name} could not be installed; pip's own words stand above.")
        else:
            tell("The embedded parts could not be installed; going on without them.")


def install(python: Path, requirements: Path, options: tuple[str, ...]) -> bool:
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
    return subprocess.run([*pip, *options, "-r", str(requirements)], check=False).returncode == 0


def tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main(arguments: list[str]) -> None:
    """`ENVIRONMENT REQUIREMENTS... -- COMMAND...`; the command's `python` is the environment's."""
    split = arguments.index("--")
    folder, requirements, command = arguments[0], arguments[1:split], arguments[split + 1 :]
    try:
        python = make_environment(Path(folder).absolute())
        fill(python, requirements, Path.cwd())
    except InstallError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        sys.exit(130)
    os.environ["PATH"] = f"{python.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.execvp(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
