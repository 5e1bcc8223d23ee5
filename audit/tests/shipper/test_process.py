"""The loop, and whole processes that are killed."""

import errno
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings
from django.db import OperationalError, connection

from audit.models import Outcome, RoutingDecision
from audit.shipper import Shipper, process
from audit.shipper.batch import Batch
from audit.tests.doubles import decision, outcome
from audit.tests.journals import wait_until
from audit.verification import verify

PATIENCE_SECONDS = 60


@pytest.fixture
def environment(tmp_path):
    """For child processes: this test's database and journals."""
    database = connection.settings_dict
    is_sqlite = connection.vendor == "sqlite"
    url = (
        f"sqlite:///{database['NAME']}" if is_sqlite else f"postgres://postgres@/{database['HOST']}/{database['NAME']}"
    )
    return {
        **os.environ,
        "DATABASE_URL": url,
        "AUDIT_JOURNAL_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "smartgateway.settings",
        "READ_DOT_ENV": "0",
        "SECRET_KEY": "s" * 60,
        "AUDIT_CHAIN_KEY": settings.AUDIT_CHAIN_KEY,
        "PYTHONPATH": str(settings.BASE_DIR),
    }


@pytest.fixture
def spawn(environment):
    children = []

    def start(*command):
        child = subprocess.Popen(
            [sys.executable, "-W", "ignore", *command],
            env=environment,
            cwd=settings.BASE_DIR,
            stdout=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield start
    for child in children:
        child.kill()
        child.wait()
        child.stdout.close()


def killed_in_mid_load(child, count):
    """What `child` had acknowledged, by id in hex, when it was killed after `count` of them; it goes on meanwhile."""
    first = [child.stdout.readline() for _ in range(count)]
    child.kill()
    return {tuple(line.split()) for line in [*first, *child.stdout] if line.endswith("\n")}


@pytest.mark.django_db(transaction=True)
def test_after_kill_9_in_mid_load_every_acknowledged_record_is_shipped_once(spawn, tmp_path):
    acknowledged = set()
    for count in (50, 101, 202):
        acknowledged |= killed_in_mid_load(spawn("-m", "audit.tests.shipper.load"), count)

    drain(Shipper(tmp_path))

    decisions = {("decided", pk.hex) for pk in RoutingDecision.objects.values_list("pk", flat=True)}
    outcomes = {("settled", pk.hex) for pk in Outcome.objects.exclude(sequence=None).values_list("pk", flat=True)}
    assert len(acknowledged) > 350
    assert acknowledged <= decisions | outcomes
    assert RoutingDecision.objects.count() == Outcome.objects.count()
    assert verify(tmp_path).troubles == []


def drain(shipper):
    stop = threading.Event()
    stop.set()
    process.Loop(shipper, 0.01).run(stop)


@pytest.mark.django_db(transaction=True)
def test_a_shipper_killed_in_mid_load_and_started_again_loses_and_doubles_nothing(spawn, processes, tmp_path):
    serving = processes()
    record_requests(serving, 1000)
    first = spawn("manage.py", "ship")
    wait_until(RoutingDecision.objects.exists)
    first.kill()
    first.wait()

    record_requests(serving, 100)
    second = spawn("manage.py", "ship")
    wait_until(lambda: Outcome.objects.count() == 1100)
    second.send_signal(signal.SIGTERM)

    assert second.wait(PATIENCE_SECONDS) == 0
    assert RoutingDecision.objects.count() == 1100
    assert verify(tmp_path).troubles == []


def record_requests(serving, count):
    made = [decision() for _ in range(count)]
    serving.record(*made, *[outcome(each) for each in made])


@pytest.mark.django_db(transaction=True)
def test_a_second_shipper_waits_for_the_first(spawn, tmp_path):
    stop = threading.Event()
    with process.only_one(tmp_path, stop) as is_ours:
        threading.Timer(0.1, stop.set).start()
        with process.only_one(tmp_path, stop) as is_ours_too:
            assert (is_ours, is_ours_too) == (True, False)

    with process.only_one(tmp_path, threading.Event()) as is_ours:
        assert is_ours


@pytest.mark.django_db
def test_while_the_database_is_away_records_wait_and_are_shipped_when_it_is_back(
    processes, shipper, monkeypatch, caplog
):
    processes().record(decision())
    loop = process.Loop(shipper, 0.01)
    save = Batch.save

    def refuse(batch, **options):
        raise OperationalError("connection refused")

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(Batch, "save", refuse)
    assert [loop.turn() for _ in range(3)] == [0, 0, 0]
    assert caplog.text.count("cannot be shipped") == 1

    monkeypatch.setattr(Batch, "save", save)
    assert loop.turn() == 1
    assert "shipped again" in caplog.text
    assert RoutingDecision.objects.count() == 1


@pytest.mark.django_db
def test_a_commit_whose_answer_was_lost_is_not_repeated(processes, shipper, monkeypatch):
    processes().record(decision(), decision())
    loop = process.Loop(shipper, 0.01)
    commit = Shipper._commit

    def lose_the_answer(self, parcels):
        commit(self, parcels)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(connection, "close", lambda: None)
    monkeypatch.setattr(Shipper, "_commit", lose_the_answer)
    loop.turn()
    monkeypatch.setattr(Shipper, "_commit", commit)

    assert [loop.turn() for _ in range(3)] == [0, 0, 0]
    assert sorted(RoutingDecision.objects.values_list("sequence", flat=True)) == [1, 2]


@pytest.mark.django_db
def test_a_full_disk_does_not_end_the_loop_nor_lose_what_is_to_be_kept_aside(processes, shipper, monkeypatch, tmp_path):
    serving = processes()
    serving.record(decision())
    serving.die()
    (journal,) = tmp_path.glob("*.journal")
    with journal.open("ab") as torn:
        torn.write(b"torn")
    write_bytes = Path.write_bytes

    def refuse(path, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", refuse)
    drain(shipper)
    assert RoutingDecision.objects.count() == 1
    assert journal.exists()
    processes().record(decision())
    drain(shipper)
    assert RoutingDecision.objects.count() == 2

    monkeypatch.setattr(Path, "write_bytes", write_bytes)
    drain(shipper)

    assert [path.read_bytes() for path in tmp_path.glob("*.torn")] == [b"torn"]
    assert not journal.exists()


@pytest.mark.django_db
def test_the_loop_closes_what_a_process_left_open_as_soon_as_it_is_found_dead(processes, shipper):
    serving = processes()
    serving.record(decision())
    serving.die()

    drain(shipper)

    assert Outcome.objects.get().status == "interrupted"


def test_the_pause_grows_while_the_database_is_away():
    loop = process.Loop(Shipper(Path()), 0.01)

    pauses = []
    for failures in range(6):
        loop._failures = failures
        pauses.append(loop._pause())

    assert pauses == [0.01, 0.5, 1.0, 2.0, 5.0, 5.0]
