"""A fresh checkout and `make run`: from nothing to an answer, a second start, and an end without orphans."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest
from django.conf import settings

from bench.processes import cpu_seconds
from smartgateway.local.tests.processes import descendants, end, eventually, free_port, parents
from tests.environment import variables

ROOT = Path(settings.BASE_DIR)
ASK = [{"role": "user", "content": "What is a list in Python?"}]
TWO_CORES_FOR_EIGHT_SECONDS = 16  # of CPU: how long that takes says more of what else the machine does
NOT_IN_A_FRESH_CLONE = (".git", ".venv", "var", ".env", "staticfiles", "*_cache", "__pycache__", ".hypothesis")


def environment(port):
    """Of a newcomer, who has set nothing but a port."""
    own = variables((ROOT / ".env.example").read_text()) | {"READ_DOT_ENV", "MAKELEVEL", "PYTHONDONTWRITEBYTECODE"}
    others = {name: value for name, value in os.environ.items() if name not in own}
    return {**others, "PORT": str(port), "WEB_CONCURRENCY": "1"}


class Run:
    """`make run` without make: its output as it comes."""

    def __init__(self, checkout, port):
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.lines = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "smartgateway.local.run"],
            cwd=checkout,
            env=environment(port),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    def read(self):
        self.lines.extend(iter(self.process.stdout.readline, ""))

    @property
    def output(self):
        return "".join(self.lines)

    def wait_for_box(self):
        assert eventually(lambda: self.output.count("━" * 50) >= 2 or self.process.poll() is not None, 180)
        assert f"SmartGateway answers on {self.url}" in self.output, self.output

    def stop(self, number=signal.SIGINT):
        self.process.send_signal(number)
        self.process.wait(120)
        self.reader.join(10)
        return self.process.returncode


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fresh") / "checkout"
    shutil.copytree(ROOT, folder, ignore=shutil.ignore_patterns(*NOT_IN_A_FRESH_CLONE))
    return folder


@pytest.fixture(scope="module")
def start(checkout):
    runs = []

    def start(port=None):
        runs.append(Run(checkout, port or free_port()))
        return runs[-1]

    yield start
    for run in runs:
        end(run.process)


@pytest.fixture(scope="module")
def first(start):
    run = start()
    run.wait_for_box()
    return run


def shown_key(run):
    return re.search(r"API key\s+(\S+)", run.output)[1]


def test_a_fresh_checkout_answers_from_the_embedded_model(first, checkout):
    answer = httpx.post(
        f"{first.url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {shown_key(first)}"},
        json={"model": "auto", "max_tokens": 30, "messages": ASK},
        timeout=60,
    )

    assert answer.status_code == 200, answer.text
    assert answer.json()["model"] == answer.headers["x-smartgateway-model"] == "demo/smollm2-135m"
    assert "SECRET_KEY=" in (checkout / ".env").read_text()


def test_the_doctor_finds_every_part_of_a_run_that_goes_on_beside_it(first, checkout):
    """Not the journal's mark: that says how fast the disk is just now."""
    parts = ("Key", "Local", "Database", "Redis", "Disk", "Web", "Shipper", "Worker", "Reports")
    wanted = {"Claude": "○", **dict.fromkeys(parts, "✓")}
    said = []

    def finds_all():
        command = [sys.executable, "manage.py", "doctor"]
        told = subprocess.run(command, cwd=checkout, env=environment(first.port), stdout=subprocess.PIPE, text=True)
        said.append(told.stdout)
        return wanted.items() <= {line.split()[1]: line[0] for line in said[-1].splitlines() if line[0] != " "}.items()

    assert eventually(finds_all, 180), said[-1]
    assert "demo/smollm2-135m, built in" in said[-1]
    assert "a private server answers" in said[-1]


def test_a_second_run_in_the_same_checkout_is_refused_in_one_sentence(first, start):
    second = start()

    assert second.process.wait(120) == 1
    second.reader.join(10)
    assert second.output == "`make run` already runs in this checkout: stop it first.\n"


def test_nothing_is_left_of_a_run_that_is_killed_and_the_next_start_is_quick(first, start):
    parts = descendants(first.process.pid)
    assert len(parts) >= 7  # valkey, model, serve, shipper, serving process, worker, beat

    first.process.kill()

    assert eventually(lambda: not parts & parents().keys())

    second = start()
    second.wait_for_box()

    assert cpu_seconds(second.process.pid) < TWO_CORES_FOR_EIGHT_SECONDS
    assert shown_key(first).startswith(shown_key(second).split("…")[0])
    assert shown_key(first) not in second.output
    assert second.stop() == 0
    assert "SmartGateway has stopped." in second.output


def test_a_busy_port_is_one_sentence_before_anything_starts(start):
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        run = start(port)

        assert run.process.wait(120) == 1

    run.reader.join(10)
    assert run.output == f"127.0.0.1:{port} is in use: stop what runs there, or choose another PORT.\n"


def test_a_broken_env_file_is_one_sentence(start, checkout):
    written = (checkout / ".env").rename(checkout / "kept")
    (checkout / ".env").write_text("PORT: 8000\n")

    run = start()

    assert run.process.wait(120) == 1
    written.rename(checkout / ".env")
    run.reader.join(10)
    assert run.output == ".env, line 1 is neither NAME=value nor a # comment: PORT ...\n"
