"""Rounds of `kill -9`, of one part or of several at once, under load, on PostgreSQL: nothing is lost or doubled.

`--chaos-rounds N` runs as many, `--chaos-seed N` repeats a run's choices, which are logged.
"""

import logging
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from django.conf import settings

from smartgateway.local.tests.processes import descendants, is_alive
from tests import gateway, services
from tests.gateway import answers, wait_until
from tests.load import loaded
from tests.proving import prove, upstream_doubles

logger = logging.getLogger(__name__)
PARTS = ("web", "shipper", "worker", "database")
PART_OF_GATEWAY = {"web": "worker", "shipper": "shipper"}
WORKER = (sys.executable, "-m", "celery", "--quiet", "--app", "smartgateway", "worker", "--loglevel=ERROR")
MOST_ANSWERS_BETWEEN = 15
LONGEST_OUTAGE_SECONDS = 1.5
UNAVAILABLE = 503  # while nothing can be recorded, or nobody knows the keys yet


class Plant:
    """A gateway with its database and its worker, all of which can be killed."""

    def __init__(self, folder: Path, variables: dict[str, str], stack: ExitStack) -> None:
        self._servers = stack.enter_context(ExitStack())  # which end after the gateway, however often they were started
        self._cluster = services.cluster(folder)
        self._pid_file = folder / "postgresql/postmaster.pid"
        variables = {
            **variables,
            "DATABASE_URL": self.start_database(),
            "REDIS_URL": stack.enter_context(services.redis(folder)),
        }
        self.gateway = stack.enter_context(gateway.running(folder, is_limited=False, **variables))
        self.start_worker()
        stack.callback(self.kill_worker)

    def start_database(self) -> str:
        return self._servers.enter_context(self._cluster.started())

    def start_worker(self) -> None:
        self._worker = subprocess.Popen(
            [*WORKER, "--pool=solo"], cwd=settings.BASE_DIR, env=self.gateway.environment, process_group=0
        )

    def kill_worker(self) -> None:
        self._worker.kill()
        self._worker.wait()

    def kill(self, parts: list[str], outage_seconds: float) -> None:
        """All at once; then each is there again."""
        gone = [pid for pid in (self._process_of(part) for part in parts) if pid is not None]
        server = descendants(gone[parts.index("database")]) if "database" in parts else set()
        for pid in gone:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        if "worker" in parts:
            self._worker.wait()
            self.start_worker()
        if "database" in parts:
            os.waitpid(gone[parts.index("database")], 0)  # as a zombie it would still hold its lock file
            wait_until(lambda: not any(map(is_alive, server)), "nothing is left of the database's server")
            time.sleep(outage_seconds)
            self.start_database()
        wait_until(lambda: self._is_whole(gone), f"all is there again after the end of {parts}")

    def _process_of(self, part: str) -> int | None:
        if part == "worker":
            return self._worker.pid
        if part == "database":
            return int(self._pid_file.read_text().split()[0])
        return self.gateway.part(PART_OF_GATEWAY[part])

    def _is_whole(self, gone: list[int]) -> bool:
        now = [self._process_of(part) for part in ("web", "shipper")]
        return None not in now and not set(now) & set(gone) and answers(f"{self.gateway.url}/health/ready")


@pytest.fixture
def doubles():
    with upstream_doubles() as doubles:
        yield doubles


@pytest.fixture(params=["journal", "database"])
def plant(request, doubles):
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartgateway-")))
        folder.chmod(0o755)
        yield Plant(folder, {**doubles.variables, "AUDIT_DURABILITY": request.param}, stack)


@pytest.mark.parametrize("rounds", [pytest.param(100, marks=pytest.mark.long), 3])
def test_nothing_is_lost_or_doubled_whatever_is_killed(plant, doubles, rounds, request):
    seed = request.config.getoption("--chaos-seed") or random.randrange(2**32)
    rounds = request.config.getoption("--chaos-rounds") or rounds
    draw = random.Random(seed)
    logger.warning("%d rounds with seed %d", rounds, seed)
    with loaded(plant.gateway) as load:
        for number in range(rounds):
            load.more(draw.randint(1, MOST_ANSWERS_BETWEEN))
            parts = draw.sample(PARTS, draw.choices((1, 2, 3, 4), (55, 25, 12, 8))[0])
            logger.warning("round %d of %d: %s", number + 1, rounds, ", ".join(parts))
            plant.kill(parts, draw.uniform(0, LONGEST_OUTAGE_SECONDS))
        load.more(MOST_ANSWERS_BETWEEN)

    prove(plant.gateway, doubles, load, statuses=frozenset({200, UNAVAILABLE}))
