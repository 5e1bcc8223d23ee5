"""The Procfile's own lines, as a platform runs them: against PostgreSQL and Redis, in a database made for it."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psycopg
import pytest
from django.conf import settings
from psycopg import sql

from smartgateway.local.tests.processes import descendants, end, eventually, free_port, parents

ROOT = Path(settings.BASE_DIR)
LINES = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())
DATABASE = "test_procfile"
LOST_TASK = "WorkerLostError"  # the signal reaches a task's process too, and the worker tells that it was cut off
KEY = "sk-sg-given-by-the-platform-0123456789"
pytestmark = pytest.mark.redis


@pytest.fixture(scope="module")
def database():
    """The address of a new, empty database beside the one that the environment names."""
    address = os.environ["DATABASE_URL"]
    parts = urlsplit(address)
    folder, _, name = parts.path.rpartition("/")
    host = parts.hostname or folder.removeprefix("/")
    server = f"host={host} user={parts.username} dbname={name}"
    with psycopg.connect(server, password=parts.password, port=parts.port, autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
        yield address.removesuffix(name) + DATABASE
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(DATABASE)))


@pytest.fixture
def environment(database, redis_url, tmp_path):
    return {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "PORT": str(free_port()),
        "BOOTSTRAP_API_KEY": KEY,
        "AUDIT_JOURNAL_DIR": str(tmp_path / "journal"),
        "AUDIT_CHAIN_KEY": "a key for this test only",
        "WEB_CONCURRENCY": "1",
    }


@pytest.fixture
def start(environment):
    started = []

    def start(name):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        process = subprocess.Popen(["sh", "-c", LINES[name]], cwd=ROOT, env=environment, process_group=0, **pipes)
        started.append(process)
        return process

    yield start
    for process in started:
        for pid in descendants(process.pid):
            os.kill(pid, signal.SIGKILL)
        end(process)


def test_a_release_is_served_recorded_and_stopped_without_a_trace(environment, start):
    release = start("release")
    output, _ = release.communicate(timeout=120)
    assert release.returncode == 0, output
    assert KEY not in output

    web, worker, beat = start("web"), start("worker"), start("beat")
    address, headers = f"http://127.0.0.1:{environment['PORT']}", {"Authorization": f"Bearer {KEY}"}
    with httpx.Client(base_url=address, headers=headers, timeout=10) as gateway:
        assert eventually(lambda: is_ready(gateway), 30)
        refused = gateway.post("/v1/chat/completions", json={"messages": [{"role": "user", "content": "hello"}]})
        decisions = gateway.get("/v1/decisions").json()["data"]

    assert refused.status_code == 503  # no model is configured: said, and recorded
    assert len(decisions) == 1

    children = {pid for process in (web, worker, beat) for pid in descendants(process.pid)}
    for process in (web, worker, beat):
        os.killpg(process.pid, signal.SIGTERM)
    outputs = {process.args[-1]: process.communicate(timeout=60)[0] for process in (web, worker, beat)}

    assert web.returncode in (0, -signal.SIGTERM), outputs
    assert eventually(lambda: not children & parents().keys())
    assert not any("Traceback" in output and LOST_TASK not in output for output in outputs.values()), outputs


def is_ready(gateway):
    try:
        return gateway.get("/health/ready").status_code == 200
    except httpx.TransportError:
        return False
