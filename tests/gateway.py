"""A whole gateway in processes of its own, for tests that speak to it as a client does."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from django.conf import settings

KEY = "sk-sg-a-key-for-tests-only-0123456789abcdefghijklmnop"
PATIENCE_SECONDS = 60


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
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        command = [sys.executable, "manage.py", "serve"]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=self.environment)
        wait_until(lambda: answers(f"{self.url}/health/ready"), "the gateway is ready")

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=PATIENCE_SECONDS)


@contextmanager
def running(folder: Path, **variables: str) -> Iterator[Gateway]:
    gateway = Gateway(folder, **variables)
    gateway.manage("migrate", "--verbosity", "0")
    gateway.manage("bootstrap")
    gateway.start()
    try:
        yield gateway
    finally:
        if gateway.process is not None and gateway.process.poll() is None:
            gateway.stop()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


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
