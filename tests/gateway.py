"""A whole gateway in processes of its own, for tests that speak to it as a client does."""

import atexit
import functools
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any

import environ
import httpx
import psycopg
from django.conf import settings

from smartgateway.local.tests.processes import descendants, free_port

KEY = "sk-sg-a-key-for-tests-only-0123456789abcdefghijklmnop"
PATIENCE_SECONDS = 180  # says that something hangs, not how fast the machine is
MIGRATE_AND_BOOTSTRAP = """
import os, django
os.environ["DJANGO_SETTINGS_MODULE"] = "smartgateway.settings"
django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("bootstrap")
"""
WORDS_OF = {"worker": "smartgateway.local.worker", "shipper": "manage.py ship"}


class Gateway:
    """`manage.py serve` on a database and journals of its own, below `folder`."""

    def __init__(self, folder: Path, **variables: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.journals = folder / "journal"
        self.environment = {
            **{name: value for name, value in os.environ.items() if name != "REDIS_URL"},
            "READ_DOT_ENV": "0",
            "DATABASE_URL": f"sqlite:///{folder / 'gateway.sqlite3'}",
            "AUDIT_JOURNAL_DIR": str(self.journals),
            "PORT": str(self.port),
            "WEB_CONCURRENCY": "1",
            "BOOTSTRAP_API_KEY": KEY,
            "BOOTSTRAP_ADMIN_PASSWORD": "an-admin-for-tests",
            **variables,
        }
        self.process: subprocess.Popen[bytes] | None = None

    def manage(self, *arguments: str) -> str:
        return self._python("manage.py", *arguments)

    def _python(self, *arguments: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def prepare(self) -> None:
        """Tables, the first policy and the key; for SQLite copied from the first one that was made."""
        address = self.environment["DATABASE_URL"]
        if address.startswith("sqlite:///"):
            shutil.copy(prepared_database(), address.removeprefix("sqlite:///"))
        else:
            self.fill_database()

    def lift_limits(self) -> None:
        """For tests that ask more often than a key may. Before the start."""
        self.rows("UPDATE keys_apikey SET requests_per_minute = 1000000 RETURNING id")

    def fill_database(self) -> None:
        """In one process, which saves the time to start another."""
        self._python("-c", MIGRATE_AND_BOOTSTRAP)

    def start(self, output: IO[bytes] | None = None) -> None:
        command = [sys.executable, "manage.py", "serve"]
        self.process = subprocess.Popen(
            command, cwd=settings.BASE_DIR, env=self.environment, stdout=output, stderr=output
        )
        try:
            wait_until(lambda: answers(f"{self.url}/health/ready"), "the gateway is ready")
        except BaseException:
            self.stop()
            raise

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait()

    def signal(self, number: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(number)

    def wait(self) -> int:
        assert self.process is not None
        return self.process.wait(timeout=PATIENCE_SECONDS)

    def part(self, name: str) -> int | None:
        """The process id of `worker` or `shipper`; None while there is none."""
        assert self.process is not None
        return next((each for each in descendants(self.process.pid) if WORDS_OF[name] in command_of(each)), None)

    def kill(self, name: str) -> None:
        """`kill -9`, and wait until another one has taken its place."""
        old = self.part(name)
        assert old is not None
        os.kill(old, signal.SIGKILL)
        wait_until(lambda: self.part(name) not in (None, old), f"another {name} is started")

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        address = self.environment["DATABASE_URL"]
        if address.startswith("sqlite:///"):
            with closing(sqlite3.connect(address.removeprefix("sqlite:///"), timeout=20)) as database, database:
                return database.execute(query).fetchall()
        named = environ.Env.db_url_config(address)
        with psycopg.connect(host=named["HOST"], dbname=named["NAME"], user=named["USER"]) as database:
            return database.execute(query).fetchall()  # type: ignore[call-overload]

    def outcome(self, decision_id: str) -> tuple[str, int, str]:
        """Status, HTTP status and error of a decision, once it is shipped."""
        where = f"REPLACE(CAST(decision_id AS VARCHAR(36)), '-', '') = '{decision_id.replace('-', '')}'"
        found: list[tuple[Any, ...]] = []

        def is_there() -> bool:
            found[:] = self.rows(f"SELECT status, http_status, error_type FROM audit_outcome WHERE {where}")
            return bool(found)

        wait_until(is_there, f"the outcome of {decision_id} is shipped", 20)
        status, http_status, error = found[0]
        return status, http_status, error

    def verified(self) -> dict[str, int]:
        """The counts of `verify_audit`, which has to find nothing wrong."""
        counts: dict[str, int] = json.loads(self.manage("verify_audit", "--json"))["counts"]
        return counts


@contextmanager
def running(folder: Path, *, is_limited: bool = True, **variables: str) -> Iterator[Gateway]:
    gateway = Gateway(folder, **variables)
    gateway.prepare()
    if not is_limited:
        gateway.lift_limits()
    gateway.start()
    try:
        yield gateway
    finally:
        if gateway.process is not None and gateway.process.poll() is None:
            gateway.stop()


@functools.cache
def prepared_database() -> Path:
    """A migrated and bootstrapped SQLite database, made once per test process."""
    folder = Path(tempfile.mkdtemp(prefix="smartgateway-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    template = Gateway(folder)
    template.fill_database()
    path = folder / "gateway.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


def command_of(process: int) -> str:
    try:
        return Path(f"/proc/{process}/cmdline").read_text().replace("\0", " ")
    except OSError:
        return ""


def is_refused(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(2)
        return client.connect_ex(("127.0.0.1", port)) != 0


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def wait_until(is_true, what: str, seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s until {what}"
        time.sleep(0.05)
