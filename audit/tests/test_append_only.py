"""What the database refuses to whoever writes to it past the gateway, and what the gateway itself may still do."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from audit.append_only import lift, protect
from audit.ids import id_at
from audit.models import Attempt, Outcome, Refusal, RoutingDecision, Writer
from audit.retention import remove_expired
from audit.shipper.sweeper import sweep
from audit.tests.doubles import attempt, decision, intent, outcome, refusal
from audit.verification import verify

pytestmark = pytest.mark.django_db
TABLES = [RoutingDecision, Attempt, Outcome, Refusal]


@pytest.fixture
def process(processes):
    return processes()


@pytest.fixture
def recorded(append_only, process, ship):
    made = decision()
    process.record(made, outcome(made), refusal())
    ship()


@pytest.mark.parametrize("model", TABLES)
def test_nothing_recorded_can_be_changed(recorded, model):
    with pytest.raises(DatabaseError, match="append-only: UPDATE"), transaction.atomic():
        model.objects.update(mac=b"")


@pytest.mark.parametrize("model", TABLES)
def test_nothing_recorded_can_be_removed(recorded, model):
    with pytest.raises(DatabaseError, match="append-only: DELETE"), transaction.atomic():
        model.objects.all()._raw_delete("default")


def test_an_open_attempt_ends_and_an_ended_one_stays_what_it_is(append_only, process, ship):
    made = decision()
    second = intent(made.id, number=2)
    process.record(made, second)
    ship()
    process.record(outcome(made, attempts=[attempt(made.first_attempt), attempt(second)]))

    ship()

    assert list(Attempt.objects.values_list("duration", flat=True)) == [2.2, 2.2]
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Attempt.objects.filter(number=2).update(cost=0)


def test_what_a_dead_process_left_open_is_closed(append_only, process, ship):
    process.record(decision())
    process.die()
    ship()

    assert sweep() == 1
    assert Attempt.objects.get().error_type == Outcome.objects.get().status == "interrupted"


def test_an_assumed_outcome_gives_way_to_the_real_one(append_only, processes, ship, tmp_path):
    process = processes()
    made = decision()
    process.record(made)
    ship()
    Outcome.objects.create(**ASSUMED, decision_id=RoutingDecision.objects.get().pk)

    process.record(outcome(made))
    ship()

    assert Outcome.objects.get().status == "answered"
    assert verify(tmp_path).is_clean


ASSUMED = {
    "created_at": datetime(2026, 3, 1, tzinfo=UTC),
    "writer_id": 1,
    "status": "interrupted",
    "http_status": 0,
    "is_complete": False,
    "is_baseline_estimated": False,
    "duration": 0,
    "overhead": 0,
}


def test_retention_takes_away_what_its_tombstones_cover(append_only, process, ship, tmp_path):
    long_ago = datetime.now(UTC) - timedelta(days=40)
    old = decision(id=id_at(long_ago).bytes, created_at=long_ago.timestamp())
    left_open = decision(id=id_at(long_ago + timedelta(seconds=1)).bytes, created_at=long_ago.timestamp())
    second = intent(old.id, number=2)
    gone = refusal(id=id_at(long_ago).bytes, created_at=long_ago.timestamp())
    process.record(old, left_open, second, outcome(old, attempts=[attempt(old.first_attempt), attempt(second)]), gone)
    process.die()
    ship()
    Writer.objects.update(started_at=long_ago)
    sweep()

    assert remove_expired(30) == 2

    assert not any(model.objects.exists() for model in TABLES)
    assert verify(tmp_path).is_clean


def test_what_was_made_to_try_things_with_can_be_removed(recorded):
    Writer.objects.update(is_synthetic=True)

    for model in TABLES:
        model.objects.all()._raw_delete("default")

    assert not any(model.objects.exists() for model in TABLES)


def test_to_protect_twice_is_to_protect_once(recorded):
    protect(connection)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Refusal.objects.update(message="")


def test_lifted_guards_are_gone(recorded):
    lift(connection)

    assert Refusal.objects.update(message="") == 1
