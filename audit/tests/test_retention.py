from datetime import UTC, datetime, time, timedelta

import pytest

from audit import feedback, retention
from audit.feedback import Giver
from audit.ids import id_at
from audit.models import Attempt, DailyReport, Feedback, Outcome, Refusal, Removal, RoutingDecision
from audit.reports import rebuild_daily_report, today
from audit.retention import remove_expired
from audit.tasks import remove_expired_task
from audit.tests.doubles import attempt, decision, intent, outcome, refusal
from audit.verification import verify

pytestmark = pytest.mark.django_db
KEPT_DAYS = 10


def request_of(days_ago, number=0):
    moment = datetime.combine(today(), time(12, 0, number), UTC) - timedelta(days=days_ago)
    return decision(id=id_at(moment).bytes, created_at=moment.timestamp())


def whole(made):
    second = intent(made.id, number=2)
    return [made, second, outcome(made, attempts=[attempt(made.first_attempt), attempt(second)])]


@pytest.fixture
def process(processes):
    return processes()


@pytest.fixture
def record(process, ship):
    """Three old requests, one open, and a fresh one, interleaved as under load: sequences 1 to 14."""
    old = [whole(request_of(20, number)) for number in range(3)]
    left_open, fresh = request_of(20, 30), whole(request_of(1))
    process.record(*[first for first, _, _ in old], fresh[0], left_open)
    process.record(*[second for _, second, _ in old], fresh[1])
    process.record(*[end for _, _, end in old], fresh[2], refusal())
    ship()
    return old


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_what_is_expired_goes_and_the_chain_stays_proven(record, tmp_path, monkeypatch, batch):
    monkeypatch.setattr(retention, "BATCH_REQUESTS", batch)

    assert remove_expired(KEPT_DAYS) == 3

    findings = verify(tmp_path)
    assert findings.troubles == []
    assert findings.counts["removed"] == 9
    assert [(each.first, each.last) for each in Removal.objects.order_by("first")] == [(1, 3), (6, 8), (10, 12)]
    assert (RoutingDecision.objects.count(), Attempt.objects.count(), Outcome.objects.count()) == (2, 3, 1)


def test_a_decision_without_outcome_is_never_removed(record):
    remove_expired(KEPT_DAYS)

    assert RoutingDecision.objects.filter(outcome=None).count() == 1


def test_a_day_is_reported_before_it_is_removed_and_its_report_is_final(record):
    day = today() - timedelta(days=20)

    remove_expired(KEPT_DAYS)
    rebuild_daily_report(day)

    assert sum(DailyReport.objects.filter(day=day).values_list("request_count", flat=True)) == 4


def test_what_follows_a_tombstone_cannot_be_changed(record, tmp_path):
    remove_expired(KEPT_DAYS)
    RoutingDecision.objects.filter(sequence=4).update(key_name="another")

    assert dict(verify(tmp_path).found) == {"change": 1}


@pytest.mark.parametrize("changes", [{"last": 4}, {"head": b"x" * 16}, {"mac": b""}])
def test_a_tombstone_cannot_be_changed(record, tmp_path, changes):
    remove_expired(KEPT_DAYS)
    Removal.objects.filter(first=1).update(**changes)

    assert not verify(tmp_path).is_clean


def test_a_tombstone_that_is_gone_leaves_a_gap(record, tmp_path):
    remove_expired(KEPT_DAYS)
    Removal.objects.filter(first=1).delete()

    assert verify(tmp_path).found["gap"] == 1


def test_old_refusals_go_too(process, ship, tmp_path):
    moment = datetime.now(UTC) - timedelta(days=20)
    process.record(refusal(id=id_at(moment).bytes, created_at=moment.timestamp()), refusal())
    ship()

    remove_expired(KEPT_DAYS)

    assert Refusal.objects.count() == 1
    assert verify(tmp_path).is_clean


def test_by_default_nothing_is_removed(record):
    remove_expired_task()

    assert RoutingDecision.objects.count() == 5


def test_the_task_removes_what_the_setting_says(record, settings):
    settings.AUDIT_RETENTION_DAYS = KEPT_DAYS

    remove_expired_task()

    assert RoutingDecision.objects.count() == 2


def test_feedback_goes_with_the_decision_it_is_about(record):
    for made in RoutingDecision.objects.all():
        feedback.give(made, "good", "", Giver("ada", user_id=1))

    remove_expired(KEPT_DAYS)

    kept = set(Feedback.objects.values_list("decision_id", flat=True))
    assert kept == set(RoutingDecision.objects.values_list("pk", flat=True))
