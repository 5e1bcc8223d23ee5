"""What arrives in the tables: all of it, once, in order."""

from decimal import Decimal
from uuid import UUID

import pytest
from django.db import OperationalError

from audit.models import Attempt, Outcome, Refusal, RoutingDecision, Writer
from audit.shipper import Shipper
from audit.shipper.batch import Batch
from audit.shipper.shipping import ConcurrentShippingError
from audit.tests.doubles import attempt, decision, intent, outcome, refusal

pytestmark = pytest.mark.django_db


def uuid(record):
    return UUID(bytes=record.id)


def test_a_request_arrives_in_the_tables_as_it_was_recorded(processes, ship):
    made = decision(tags=["nightly"], classifier_latency_ms=41.5)
    came = outcome(made, cost="0.00123", fallback_causes=["overloaded"])

    processes().record(made, came)
    ship()

    row = RoutingDecision.objects.get()
    assert row.pk == uuid(made)
    assert (row.team_name, row.phase, row.tier, row.tags) == ("platform", "heuristic", "local", ["nightly"])
    assert row.reasons == [list(reason) for reason in made.reasons]
    assert (bytes(row.features), row.classifier_latency_ms) == (made.features, 41.5)
    assert row.created_at.timestamp() == pytest.approx(made.created_at, abs=1e-5)
    assert row.outcome.cost == Decimal("0.00123")
    assert row.outcome.fallback_causes == ["overloaded"]
    assert [(one.number, one.duration, one.price_id) for one in row.attempts.all()] == [(1, 2.2, 7)]


def test_an_unknown_cost_stays_unknown(processes, ship):
    made = decision()

    processes().record(made, outcome(made, cost=None, baseline_opus=None))
    ship()

    assert (Outcome.objects.get().cost, Outcome.objects.get().baseline_opus) == (None, None)


def test_an_attempt_is_a_row_from_its_intent_on_and_is_completed_by_the_outcome(processes, ship):
    process = processes()
    made = decision()
    second = intent(made.id, number=2, request_model="claude-haiku-5-5", tier="haiku")
    process.record(made, second)
    ship()
    assert [one.duration for one in Attempt.objects.all()] == [None, None]

    ends = [attempt(made.first_attempt, error_type="timeout", status=None), attempt(second, duration=0.9)]
    process.record(outcome(made, served_tier="haiku", attempts=ends))
    ship()

    assert list(Attempt.objects.order_by("number").values_list("number", "sequence", "error_type", "duration")) == [
        (1, None, "timeout", 2.2),
        (2, 2, "", 0.9),
    ]


def test_intent_and_end_in_one_batch_are_one_row_with_the_sequence_of_the_intent(processes, ship):
    made = decision()
    second = intent(made.id, number=2)

    processes().record(made, second, outcome(made, attempts=[attempt(made.first_attempt), attempt(second)]))
    ship()

    assert list(Attempt.objects.order_by("number").values_list("sequence", "duration")) == [(None, 2.2), (2, 2.2)]


def test_a_refusal_has_a_row(processes, ship):
    processes().record(refusal(unrecorded_before=4))

    ship()

    assert Refusal.objects.get().unrecorded_before == 4


def test_a_live_journal_is_shipped_and_stays_and_its_writer_knows_how_far(processes, ship, tmp_path):
    process = processes()
    process.record(decision(), decision())

    assert ship() == 2
    assert ship() == 0

    assert Writer.objects.get().sequence == 2
    assert Writer.objects.get().finished_at is None
    assert len(list(tmp_path.glob("*.journal"))) == 1


def test_the_journal_of_a_dead_process_is_adopted_shipped_and_removed(processes, ship, tmp_path):
    process = processes()
    process.record(decision(), decision())
    process.die()

    ship()

    assert RoutingDecision.objects.count() == 2
    assert Writer.objects.get().finished_at is not None
    assert list(tmp_path.iterdir()) == []


def test_what_a_rotated_writer_left_in_several_files_is_shipped_in_order(processes, ship, tmp_path):
    process = processes(rotate_bytes=300)
    for _ in range(4):
        process.record(decision())
    process.die()
    assert len(list(tmp_path.glob("*.journal"))) > 3

    ship()

    assert sorted(RoutingDecision.objects.values_list("sequence", flat=True)) == [1, 2, 3, 4]
    assert list(tmp_path.iterdir()) == []


def test_a_shipper_that_is_restarted_does_not_ship_twice(processes, ship, tmp_path):
    made = decision()
    process = processes()
    process.record(made)
    ship()

    process.record(outcome(made))
    restarted = Shipper(tmp_path)
    restarted.discover()

    assert restarted.ship() == 1
    assert (RoutingDecision.objects.count(), Outcome.objects.count()) == (1, 1)


def test_a_shipper_that_fails_in_the_middle_of_a_batch_leaves_nothing_of_it_and_ships_it_later(
    processes, ship, monkeypatch
):
    processes().record(decision(), decision())
    save = Batch.save

    def break_off(batch, **options):
        save(batch, **options)
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr(Batch, "save", break_off)
    with pytest.raises(OperationalError):
        ship()
    assert RoutingDecision.objects.count() == Writer.objects.get().sequence == 0

    monkeypatch.setattr(Batch, "save", save)
    assert ship() == 2
    assert RoutingDecision.objects.count() == 2


def test_two_shippers_on_one_directory_do_not_double(processes, shipper, tmp_path):
    process, other = processes(), Shipper(tmp_path)
    process.record(decision())
    for each in (shipper, other):
        each.discover()
        each.ship()
    process.record(decision())

    other.ship()
    with pytest.raises(ConcurrentShippingError):
        shipper.ship()
    shipper.forget()
    shipper.ship()

    assert sorted(RoutingDecision.objects.values_list("sequence", flat=True)) == [1, 2]


def test_a_page_of_decisions_ends_where_the_next_begins(processes, ship):
    made = [decision() for _ in range(5)]
    processes().record(*made, decision(key_id=9))
    ship()

    first = list(RoutingDecision.objects.filter(key_id=2).newest_alike(limit=3))
    second = list(RoutingDecision.objects.filter(key_id=2).newest_alike(before=first[-1].pk, limit=3))

    assert [row.pk for row in first + second] == [uuid(each) for each in reversed(made)]


def test_decisions_of_other_teams_are_not_visible(processes, ship):
    processes().record(decision(team_id=1), decision(team_id=2))
    ship()

    assert RoutingDecision.objects.visible_to(frozenset({2})).get().team_id == 2
    assert RoutingDecision.objects.visible_to(frozenset()).count() == 0
    assert RoutingDecision.objects.visible_to(None).count() == 2
