"""The gateway as a team runs it, on a database, a journal and a Redis of its own, in front of the loopback upstream."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.processes import ROOT, pinned, started, stop, wait_for_port
from bench.upstream import MODEL
from tests.services import postgresql, redis

KEY = "sk-sg-bench-0123456789abcdef0123456789"
SHIPPED_WITHIN_SECONDS = 30


class Record(NamedTuple):
    """What the database holds of a run."""

    decisions: int
    outcomes: int
    answered_by_local: int
    decided_by_rules: int


class Gateway:
    def __init__(self, port: int, web: subprocess.Popen[bytes], shipper: subprocess.Popen[bytes], syncs: Path) -> None:
        self.port = port
        self.web = web
        self.shipper = shipper
        self._syncs = syncs

    def record(self, expected: int) -> tuple[Record, float]:
        """Once all that is expected is there, or the time is up; and the seconds that it took."""
        started_at = time.monotonic()
        while True:
            found = count()
            waited = time.monotonic() - started_at
            if min(found.decisions, found.outcomes) >= expected or waited > SHIPPED_WITHIN_SECONDS:
                return found, waited
            time.sleep(0.2)

    def syncs(self) -> int:
        """Disk syncs of the serving process, which is stopped for it."""
        stop(self.web)
        return int(self._syncs.read_text())


@contextmanager
def gateway(upstream_port: int, *, on_postgresql: bool) -> Iterator[Gateway]:
    with ExitStack() as stack:
        folder = surroundings(stack, upstream_port, on_postgresql=on_postgresql)
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
        syncs = folder / "syncs"
        shipper = stack.enter_context(started("load", "manage", "ship"))
        arguments = (str(listener.fileno()), str(syncs))
        web = stack.enter_context(started("gateway", "bench.web", *arguments, fd=listener.fileno()))
        port = listener.getsockname()[1]
        wait_for_port(port)
        yield Gateway(port, web, shipper, syncs)


def surroundings(stack: ExitStack, upstream_port: int, *, on_postgresql: bool) -> Path:
    """A folder with all that serving needs, named in this process's environment."""
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartgateway-bench-")))
    folder.chmod(0o755)
    database = f"sqlite:///{folder}/bench.sqlite3"
    if on_postgresql:
        database = stack.enter_context(postgresql(folder))
    os.environ.update(environment(folder, database, stack.enter_context(redis(folder)), upstream_port))
    prepare()
    return folder


def environment(folder: Path, database: str, redis_url: str, upstream_port: int) -> dict[str, str]:
    """All that is not said here is as shipped."""
    return {
        "READ_DOT_ENV": "0",
        "DJANGO_SETTINGS_MODULE": "smartgateway.settings",
        "SECRET_KEY": "a-key-for-the-bench-only-that-is-long-enough-for-the-deploy-check",
        "AUDIT_CHAIN_KEY": "a-chain-key-for-the-bench-only",
        "DATABASE_URL": database,
        "REDIS_URL": redis_url,
        "AUDIT_JOURNAL_DIR": str(folder / "journal"),
        "LOCAL_LLM_KIND": "openai_compatible",
        "LOCAL_LLM_BASE_URL": f"http://127.0.0.1:{upstream_port}",
        "LOCAL_LLM_DEFAULT_MODEL": MODEL,
        "LOCAL_MAX_INFLIGHT": "4000",
        "ANTHROPIC_API_KEY": "sk-ant-bench",
        "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{upstream_port}",
        "WEB_CONCURRENCY": "1",
        "BOOTSTRAP_API_KEY": KEY,
        "LOG_LEVEL": "WARNING",
    }


def prepare() -> None:
    """Tables, first policy, a key whose limit is out of the way."""
    for command in (["migrate", "--verbosity", "0"], ["bootstrap"]):
        subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            check=True,
            stdout=subprocess.DEVNULL,
            preexec_fn=pinned("load"),
        )
    import django

    django.setup()
    from smartgateway.keys.models import ApiKey

    ApiKey.objects.update(requests_per_minute=100_000_000)


def count() -> Record:
    from audit.models import Outcome, RoutingDecision

    return Record(
        decisions=RoutingDecision.objects.count(),
        outcomes=Outcome.objects.count(),
        answered_by_local=Outcome.objects.filter(status="answered", served_tier="local").count(),
        decided_by_rules=RoutingDecision.objects.filter(phase="heuristic", band="LOCAL").count(),
    )
