from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from audit.models import RoutingDecision
from audit.reports import today
from routing import policies
from smartgateway.workbench.backtest import rows, running
from smartgateway.workbench.backtest.again import UNREADABLE
from smartgateway.workbench.backtest.known import PHRASES
from smartgateway.workbench.backtest.model import LOST_AFTER, Backtest
from smartgateway.workbench.backtest.sums import Sums
from smartgateway.workbench.states import State
from smartgateway.workbench.tasks import go_on_with_backtests_task

pytestmark = pytest.mark.django_db
HOLE = "Does the lock free hole leak here"
EXPLAIN = "Explain this function" + ", please" * 20


@pytest.fixture
def begun(published):
    def begin(*, days=(0, 0), version=0):
        first, last = (None if day is None else today() - timedelta(days=day) for day in days)
        content = policies.draft_content()
        return running.begun(content, (first or today(), last), "ada", version)

    return begin


def sums_of(backtest):
    backtest.refresh_from_db()
    return Sums.from_json(backtest.sums)


def test_the_policy_that_decided_moves_nothing(recorded, begun):
    for text in ("Explain this function", HOLE, "hello"):
        recorded(text)
    backtest = begun()

    running.run(backtest.pk)

    sums = sums_of(backtest)
    assert (backtest.state, backtest.done, backtest.total) == (State.DONE, 3, 3)
    assert (sums.total.requests, sums.total.flipped, sums.total.undecided) == (3, 0, 0)
    assert sums.total.before == sums.total.low == sums.total.high


def test_a_moved_threshold_moves_requests_and_their_cost(recorded, begun, edit):
    moved = recorded(EXPLAIN)
    edit(threshold={"simple_task_chars": 100})
    backtest = begun()

    running.run(backtest.pk)

    sums = sums_of(backtest)
    assert dict(sums.matrix) == {("local", "sonnet"): 1}
    assert (sums.total.before, sums.total.low) == (0, Decimal("0.0039"))
    [flip] = sums.flips["local", "sonnet"]
    assert flip.id == moved.pk.hex
    assert flip.why[0][:2] == ["no longer", "simple_task"]


def test_a_new_phrase_is_looked_for_where_text_is_kept(recorded, begun, edit):
    recorded("Explain our frobnication", keeps_text=True)
    recorded("Explain our frobnication")
    edit(phrases={"multi_file": {"frobnication": 1}})
    backtest = begun()

    running.run(backtest.pk)

    sums = sums_of(backtest)
    assert dict(sums.matrix) == {("local", "sonnet"): 1, ("local", "open"): 1}
    assert dict(sums.doubts) == {PHRASES: 1}
    assert (sums.total.low, sums.total.high) == (Decimal("0.0039"), Decimal("0.0078"))


def test_only_the_days_that_were_chosen_are_tried(recorded, begun):
    recorded("hello", moment=timezone.now() - timedelta(days=3))
    wanted = recorded("hello", moment=timezone.now() - timedelta(days=2))
    recorded("hello")
    backtest = begun(days=(2, 1))

    running.run(backtest.pk)

    assert sums_of(backtest).total.requests == 1
    assert backtest.position == wanted.pk


def test_decisions_of_earlier_versions_are_read_by_their_own_phrases(recorded, begun, edit):
    recorded("Does the frobnication leak")
    edit(phrases={"multi_file": {"frobnication": 1}})
    policies.publish("More files", author="ada")
    backtest = begun()

    running.run(backtest.pk)

    assert sums_of(backtest).doubts[PHRASES] == 0  # it went to sonnet, and would


def test_what_cannot_be_read_is_counted(recorded, begun):
    broken = recorded("hello")
    RoutingDecision.objects.filter(pk=broken.pk).update(features=b"\x00")
    recorded("hello", version=77)
    backtest = begun()

    running.run(backtest.pk)

    assert sums_of(backtest).doubts == {UNREADABLE: 2}
    assert sums_of(backtest).total.unknown == 2


def test_a_worker_that_is_cancelled_stops_where_it_is(recorded, begun, monkeypatch):
    monkeypatch.setattr(rows, "CHUNK", 1)
    monkeypatch.setattr(running, "BEAT_SECONDS", 0.0)
    for _ in range(3):
        recorded("hello")
    backtest = begun()
    chunks = running.chunks

    def cancelled_after_one(first, end):
        for number, chunk in enumerate(chunks(first, end)):
            yield chunk
            if number == 0:
                running.stop(backtest)

    monkeypatch.setattr(running, "chunks", cancelled_after_one)

    running.run(backtest.pk)

    assert (sums_of(backtest).total.requests, backtest.state) == (1, State.CANCELLED)


def test_another_worker_goes_on_where_a_dead_one_stopped(recorded, begun, monkeypatch):
    monkeypatch.setattr(rows, "CHUNK", 1)
    monkeypatch.setattr(running, "BEAT_SECONDS", 0.0)
    for _ in range(3):
        recorded("hello")
    backtest = begun()
    chunks = running.chunks

    def dies_after_two(first, end):
        for number, chunk in enumerate(chunks(first, end)):
            if number == 2:
                raise SystemExit  # as a worker that is killed: nothing is tidied up
            yield chunk

    monkeypatch.setattr(running, "chunks", dies_after_two)
    with pytest.raises(SystemExit):
        running.run(backtest.pk)
    monkeypatch.setattr(running, "chunks", chunks)

    go_on_with_backtests_task()
    assert sums_of(backtest).total.requests == 2  # its worker may still live
    Backtest.objects.update(beat_at=timezone.now() - LOST_AFTER)
    go_on_with_backtests_task()

    assert (sums_of(backtest).total.requests, backtest.state, backtest.done) == (3, State.DONE, 3)


def test_two_workers_do_not_work_on_the_same(recorded, begun):
    recorded("hello")
    backtest = begun()
    Backtest.objects.filter(pk=backtest.pk).update(state=State.RUNNING, run="another", beat_at=timezone.now())

    running.run(backtest.pk)

    backtest.refresh_from_db()
    assert (backtest.run, backtest.done) == ("another", 0)


def test_trouble_is_named_and_ends_it(recorded, begun, caplog):
    recorded("hello")
    backtest = begun()
    Backtest.objects.filter(pk=backtest.pk).update(digest="0" * 64)

    with pytest.raises(Exception, match="digest"):
        running.run(backtest.pk)

    backtest.refresh_from_db()
    assert backtest.state == State.FAILED
    assert "digest" in backtest.problem


def test_a_shadow_follows_what_is_answered_until_it_is_stopped(recorded, begun, monkeypatch):
    monkeypatch.setattr(running, "SETTLED_AFTER", -timedelta(minutes=1))
    recorded("hello", moment=timezone.now() - timedelta(hours=1))
    backtest = begun(days=(0, None))
    recorded("hello")

    running.run(backtest.pk)
    recorded("hello", moment=timezone.now() + timedelta(seconds=2))
    go_on_with_backtests_task()
    sums = sums_of(backtest)
    running.stop(backtest)
    go_on_with_backtests_task()

    backtest.refresh_from_db()
    assert (sums.total.requests, backtest.done, backtest.state) == (2, 2, State.DONE)


def test_the_oldest_backtests_make_room(begun, monkeypatch):
    monkeypatch.setattr(running, "KEPT", 2)
    kept = [begun() for _ in range(4)]
    Backtest.objects.update(state=State.DONE)

    newest = begun()

    assert set(Backtest.objects.values_list("pk", flat=True)) == {kept[2].pk, kept[3].pk, newest.pk}
