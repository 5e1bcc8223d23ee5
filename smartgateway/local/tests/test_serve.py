"""`manage.py serve` as a platform runs it: real processes on a real port."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from smartgateway.local.tests.processes import (
    PATIENCE_SECONDS,
    command_line,
    descendants,
    end,
    eventually,
    free_port,
    parents,
)

ROOT = Path(settings.BASE_DIR)


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """A database of its own, migrated once."""
    folder = tmp_path_factory.mktemp("serve")
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'serve.sqlite3'}",
        "REDIS_URL": "",
        "AUDIT_JOURNAL_DIR": str(folder / "journal"),
        "WEB_CONCURRENCY": "2",
    }
    for command in (["migrate", "--verbosity=0"], ["bootstrap"]):
        subprocess.check_output([sys.executable, "manage.py", *command], cwd=ROOT, env=environment)
    return environment


@pytest.fixture
def start(environment):
    started = []

    def start(port, **variables):
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve"],
            cwd=ROOT,
            env={**environment, "PORT": str(port), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        end(process)


def answers(port, path="/health/live"):
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=5).status_code == 200
    except httpx.TransportError:
        return False


def is_free(port):
    try:
        with socket.create_server(("127.0.0.1", port)):
            return True
    except OSError:
        return False


def serving_processes(process):
    return {pid for pid in descendants(process.pid) if b"local.worker" in command_line(pid)}


def test_it_serves_replaces_a_process_that_died_and_stops_with_success(start):
    port = free_port()
    process = start(port)
    assert eventually(lambda: len(serving_processes(process)) == 2 and answers(port))
    assert eventually(lambda: answers(port, "/admin/login/"))
    assert eventually(lambda: answers(port, "/static/admin/css/base.css"))

    killed = min(serving_processes(process))
    os.kill(killed, signal.SIGKILL)

    assert eventually(lambda: len(serving_processes(process) - {killed}) == 2)
    assert eventually(lambda: answers(port))

    process.send_signal(signal.SIGTERM)
    output, _ = process.communicate(timeout=2 * PATIENCE_SECONDS)

    assert process.returncode == 0, output
    assert f"Listening on 127.0.0.1:{port}, 2 processes" in output
    assert "ended (SIGKILL); starting again" in output


def test_nothing_is_left_of_a_gateway_that_is_killed(start):
    port = free_port()
    process = start(port)
    assert eventually(lambda: answers(port))
    assert eventually(lambda: len(descendants(process.pid)) == 3)
    children = descendants(process.pid)

    process.kill()
    process.wait()

    assert eventually(lambda: not children & parents().keys())
    assert eventually(lambda: is_free(port))


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        pytest.param({}, "is in use: stop what runs there, or choose another PORT.", id="busy port"),
        pytest.param({"HOST": "nowhere at all"}, "HOST is 'nowhere at all', which is no address", id="bad host"),
    ],
)
def test_a_place_it_cannot_listen_on_is_one_sentence(start, variables, sentence):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        process = start(busy.getsockname()[1], **variables)
        output, _ = process.communicate(timeout=PATIENCE_SECONDS)

    assert process.returncode == 1
    assert sentence in output.splitlines()[-1]
    assert "Traceback" not in output
