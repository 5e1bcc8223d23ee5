from datetime import timedelta

import pytest
from django.utils import timezone

from audit.ids import id_at
from audit.models import Attempt, Outcome, RoutingDecision, Writer
from audit.shipper.sweeper import OVERDUE_AFTER, sweep, sweep_overdue
from audit.tests.doubles import decision, outcome
from audit.verification import verify

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_what_a_dead_process_left_open_is_closed_as_interrupted_with_unknown_cost(processes, ship):
    process, finished = processes(), decision()
    process.record(finished, outcome(finished), decision())
    process.die()
    ship()

    assert sweep() == 1

    left = RoutingDecision.objects.get(sequence=3)
    assert (left.outcome.status, left.outcome.cost, left.outcome.sequence) == ("interrupted", None, None)
    assert left.attempts.get().error_type == "interrupted"
    assert RoutingDecision.objects.get(sequence=1).outcome.status == "answered"


def test_an_interrupted_request_that_had_called_nobody_cost_nothing(processes, ship):
    process = processes()
    process.record(decision(first_attempt=None))
    process.die()
    ship()

    sweep()

    assert Outcome.objects.get().cost == 0


def test_what_a_living_process_has_open_is_not_touched(processes, ship):
    processes().record(decision())
    ship()

    assert sweep() == 0
    assert not Outcome.objects.exists()


def test_a_host_that_is_silent_for_a_quarter_of_an_hour_is_given_up(processes, ship):
    processes().record(decision())
    ship()
    Writer.objects.update(seen_at=timezone.now() - timedelta(minutes=14))
    assert sweep() == 0

    Writer.objects.update(seen_at=timezone.now() - timedelta(minutes=16))

    assert sweep() == 1


def test_an_outcome_that_comes_after_all_replaces_the_assumed_one(processes, ship):
    process, made = processes(), decision()
    process.record(made)
    ship()
    Writer.objects.update(seen_at=timezone.now() - timedelta(minutes=16))
    sweep()

    process.record(outcome(made))
    ship()

    assert Outcome.objects.get().status == "answered"
    assert Attempt.objects.get().duration == 2.2
    assert Attempt.objects.get().error_type == ""


def test_a_writer_that_was_given_up_and_came_back_is_swept_again_when_it_ends(processes, ship):
    process = processes()
    process.record(decision())
    ship()
    Writer.objects.update(seen_at=timezone.now() - timedelta(minutes=16))
    sweep()

    process.record(decision())
    process.die()
    ship()

    assert sweep() == 1
    assert sweep() == 0
    assert Outcome.objects.filter(status="interrupted").count() == 2


def test_more_than_one_chunk_is_closed(processes, ship, monkeypatch):
    monkeypatch.setattr("audit.shipper.sweeper.CHUNK", 2)
    process = processes()
    process.record(*[decision() for _ in range(5)])
    process.die()
    ship()

    assert sweep() == 5


def test_what_a_living_process_left_open_for_an_hour_is_closed_until_its_outcome_comes(processes, ship, tmp_path):
    process, now = processes(), timezone.now()
    overdue, recent = (decision(id=id_at(now - OVERDUE_AFTER + away).bytes) for away in (-MINUTE, MINUTE))
    process.record(overdue, recent)
    ship()

    assert sweep_overdue() == 1
    assert Outcome.objects.get().status == "interrupted"
    assert verify(tmp_path).is_clean

    process.record(outcome(overdue), outcome(recent))
    ship()

    assert set(Outcome.objects.values_list("status", flat=True)) == {"answered"}
    assert verify(tmp_path).is_clean
