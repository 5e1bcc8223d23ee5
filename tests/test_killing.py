"""`kill -9` of every part in mid-load: nothing that was called or answered is missing in the record, or in it twice."""

import random
import signal
import sqlite3
import tempfile
from pathlib import Path

import pytest

from smartgateway.local.tests.processes import descendants, is_alive
from tests import gateway, services
from tests.gateway import is_refused, wait_until
from tests.load import loaded
from tests.proving import ANSWERED, prove, upstream_doubles

ANSWERS_BETWEEN_KILLS = 20


@pytest.fixture(scope="module")
def doubles():
    with upstream_doubles() as doubles:
        yield doubles


@pytest.fixture(scope="module")
def variables(doubles):
    return doubles.variables


@pytest.fixture(scope="module")
def served(variables, tmp_path_factory):
    with gateway.running(tmp_path_factory.mktemp("killing"), **variables) as running:
        yield running


@pytest.fixture
def own_doubles():
    with upstream_doubles() as doubles:
        yield doubles


@pytest.fixture
def served_by_two_on_postgresql(own_doubles, tmp_path):
    """As on a platform: nothing is acknowledged before PostgreSQL has committed it."""
    with tempfile.TemporaryDirectory(prefix="smartgateway-") as folder:
        Path(folder).chmod(0o755)
        with services.postgresql(Path(folder)) as address:
            platform = {"DATABASE_URL": address, "AUDIT_DURABILITY": "database", "WEB_CONCURRENCY": "2"}
            with gateway.running(tmp_path, **own_doubles.variables, **platform) as running:
                yield running


@pytest.mark.parametrize("rounds", [3, pytest.param(20, marks=pytest.mark.long)])
def test_no_decision_is_lost_or_doubled_when_the_serving_process_is_killed(served, doubles, rounds):
    with loaded(served) as load:
        for _ in range(rounds):
            load.more(random.randint(1, ANSWERS_BETWEEN_KILLS))
            served.kill("worker")
        load.more(ANSWERS_BETWEEN_KILLS)

    prove(served, doubles, load)
    assert load.broken
    assert served.rows("SELECT 1 FROM audit_outcome WHERE status = 'interrupted'")


def test_no_record_is_lost_or_doubled_when_the_shipper_is_killed(served, doubles):
    with loaded(served) as load:
        for _ in range(2):
            load.more(ANSWERS_BETWEEN_KILLS)
            served.kill("shipper")
        load.more(ANSWERS_BETWEEN_KILLS)

    prove(served, doubles, load)
    assert not load.broken


def test_nothing_is_orphaned_or_lost_when_serve_itself_is_killed(served, doubles):
    parts = descendants(served.process.pid)
    with loaded(served) as load:
        load.more(ANSWERS_BETWEEN_KILLS)
        served.signal(signal.SIGKILL)
        served.wait()
        wait_until(lambda: not any(map(is_alive, parts)), "no part is left", 10)
        wait_until(lambda: is_refused(served.port), "nobody listens", 10)
        served.start()
        load.more(ANSWERS_BETWEEN_KILLS)

    prove(served, doubles, load)


@pytest.mark.parametrize("table", ["audit_routingdecision", "audit_attempt", "audit_outcome"])
def test_the_database_refuses_to_let_go_of_what_was_recorded(served, table):
    with loaded(served) as load:
        load.more(1)
    wait_until(lambda: served.rows(ANSWERED), "an answer is shipped")

    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        served.rows(f"DELETE FROM {table}")


@pytest.mark.long
def test_what_was_answered_is_in_the_database_whatever_is_killed(served_by_two_on_postgresql, own_doubles):
    served = served_by_two_on_postgresql
    with loaded(served) as load:
        for name in ("worker", "shipper") * 5:
            load.more(random.randint(1, ANSWERS_BETWEEN_KILLS))
            answered = set(load.answered)
            committed = {row[0] for row in served.rows(ANSWERED)}
            served.kill(name)
            assert answered <= committed
        load.more(ANSWERS_BETWEEN_KILLS)

    prove(served, own_doubles, load)
