import errno
import json
from uuid import UUID

import pytest
from django.core.management import call_command
from django.db.models import F

from audit.models import Attempt, Outcome, Refusal, RoutingDecision, Writer
from audit.shipper.sweeper import sweep
from audit.tests.doubles import FaultyFiles, attempt, decision, intent, outcome, refusal
from audit.tests.forging import forge
from audit.tests.journals import wait_until
from audit.verification import LISTED_PER_KIND, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def process(processes):
    return processes()


@pytest.fixture
def record(process, ship):
    """Three whole requests and a refusal, shipped: sequences 1 to 8."""
    made = [decision() for _ in range(3)]
    second = intent(made[2].id, number=2)
    ends = [attempt(made[2].first_attempt), attempt(second)]
    outcomes = [outcome(made[0]), outcome(made[1]), outcome(made[2], attempts=ends)]
    process.record(*made, second, *outcomes, refusal())
    ship()
    return made


def kinds(directory):
    return dict(verify(directory).found)


def test_a_whole_record_is_clean_and_counted(record, tmp_path):
    findings = verify(tmp_path)

    assert findings.troubles == []
    assert findings.counts == {
        "writers": 1,
        "routingdecisions": 3,
        "attempts": 4,
        "outcomes": 3,
        "refusals": 1,
        "removed": 0,
        "open": 0,
        "waiting": 0,
    }


def test_a_missing_row_is_a_gap_that_names_writer_and_sequence(record, tmp_path):
    Outcome.objects.filter(sequence=6).delete()
    RoutingDecision.objects.filter(sequence=2).delete()
    Attempt.objects.filter(decision_id=UUID(bytes=record[1].id)).delete()

    findings = verify(tmp_path)

    assert [(trouble.kind, trouble.detail) for trouble in findings.troubles] == [
        ("gap", "sequence 2"),
        ("gap", "sequence 6"),
    ]
    assert findings.troubles[0].where.startswith(f"writer {Writer.objects.get().pk} (")


def test_missing_last_rows_are_a_cut_tail(record, tmp_path):
    Refusal.objects.all().delete()
    Outcome.objects.filter(sequence=7).delete()

    assert [(trouble.kind, trouble.detail) for trouble in verify(tmp_path).troubles] == [
        ("cut_tail", "sequences 7 to 8")
    ]


def test_a_sequence_that_is_there_twice_is_a_double(record, tmp_path):
    RoutingDecision.objects.filter(sequence=2).update(sequence=1)

    found = kinds(tmp_path)
    assert (found["double"], found["gap"]) == (1, 1)


def test_rows_without_their_writer_are_named(record, tmp_path):
    Writer.objects.all().delete()

    assert kinds(tmp_path) == {"missing_writer": 1}


def test_an_outcome_or_attempt_without_its_decision_is_named(record, tmp_path):
    RoutingDecision.objects.filter(sequence=1).delete()

    assert kinds(tmp_path) == {"gap": 1, "outcome_without_decision": 1, "attempt_without_decision": 1}


def test_a_decision_without_outcome_is_open_while_its_writer_may_still_end_it(process, record, ship, tmp_path):
    process.record(decision())
    ship()

    findings = verify(tmp_path)

    assert findings.is_clean
    assert findings.counts["open"] == 1


def test_a_decision_without_outcome_of_a_swept_writer_is_a_trouble(process, record, ship, tmp_path):
    process.record(decision())
    process.die()
    ship()
    sweep()
    assert verify(tmp_path).is_clean

    Outcome.objects.filter(status="interrupted").delete()

    assert kinds(tmp_path) == {"no_outcome": 1}


def test_an_attempt_that_its_outcome_does_not_know_is_left_open(process, ship, tmp_path):
    made = decision()
    process.record(made, outcome(made, attempts=[]))
    ship()

    assert kinds(tmp_path) == {"attempt_left_open": 1}


def test_a_second_attempt_that_was_never_announced_is_named(process, ship, tmp_path):
    made = decision()
    unannounced = attempt(intent(made.id, number=2))
    process.record(made, outcome(made, attempts=[attempt(made.first_attempt), unannounced]))
    ship()

    assert kinds(tmp_path) == {"attempt_without_intent": 1}


def test_what_waits_in_journals_is_counted(process, record, tmp_path):
    process.record(decision(), decision())

    assert verify(tmp_path).counts["waiting"] == 2


def test_what_was_kept_aside_is_a_trouble_unless_it_was_never_acknowledged(record, tmp_path):
    for name in ("a.journal.5.corrupt", "1.7.rejected", "a.journal.9.torn"):
        (tmp_path / name).write_bytes(b"x")

    assert kinds(tmp_path) == {"corrupt": 1, "rejected": 1}


@pytest.mark.parametrize(
    ("voided", "expected"),
    [
        pytest.param([[5, 5], [7, 7]], [], id="all"),
        pytest.param([[3, 6]], ["sequence 7"], id="one"),
        pytest.param([], ["sequence 5", "sequence 7"], id="none"),
    ],
)
def test_sequences_that_the_writer_gave_up_are_no_gap(record, tmp_path, voided, expected):
    Outcome.objects.filter(sequence__in=[5, 7]).delete()
    Writer.objects.update(voided=voided)
    forge(Writer.objects.get())

    assert [trouble.detail for trouble in verify(tmp_path).troubles] == expected


def test_what_a_failing_disk_made_a_writer_give_up_is_known_and_no_gap(processes, ship, tmp_path):
    files = FaultyFiles()
    process = processes(files=files, probe_seconds=0.01)
    process.record(decision())
    files.fail("write", errno.ENOSPC)
    process.record(decision())
    wait_until(lambda: process.journal.is_available)
    process.record(decision())

    ship()

    assert process.told.given_up == [2]
    assert sorted(RoutingDecision.objects.values_list("sequence", flat=True)) == [1, 3]
    assert Writer.objects.get().voided == [[2, 2]]
    assert verify(tmp_path).is_clean


def test_of_many_troubles_the_first_are_listed_and_all_counted(process, ship, tmp_path):
    process.record(*[decision() for _ in range(2 * LISTED_PER_KIND + 1)])
    ship()
    RoutingDecision.objects.alias(parity=F("sequence") % 2).filter(parity=0).delete()

    findings = verify(tmp_path)

    assert findings.found["gap"] == LISTED_PER_KIND
    assert findings.found["attempt_without_decision"] == LISTED_PER_KIND


def test_the_command_exits_with_0_when_the_record_is_whole(record, settings, tmp_path, capsys):
    settings.AUDIT_JOURNAL_DIR = tmp_path

    call_command("verify_audit")

    assert "The record is whole." in capsys.readouterr().out


@pytest.mark.parametrize(("options", "is_told"), [([], False), (["--since", "2026-01-01"], True)])
def test_the_command_says_what_a_part_takes_on_trust(record, settings, tmp_path, capsys, options, is_told):
    settings.AUDIT_JOURNAL_DIR = tmp_path

    call_command("verify_audit", *options)
    call_command("verify_audit", "--json", *options)

    told, as_json = capsys.readouterr().out.split("{", 1)
    assert ("Taken on trust" in told) is is_told
    assert ('"is_from_the_beginning": true' in as_json) is not is_told


def test_the_command_exits_with_1_and_says_in_json_what_is_wrong(record, settings, tmp_path, capsys):
    settings.AUDIT_JOURNAL_DIR = tmp_path
    RoutingDecision.objects.filter(sequence=1).update(sequence=99)

    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", "--json")

    told = json.loads(capsys.readouterr().out)
    assert ended.value.code == 1
    assert told["ok"] is False
    assert told["found"]["gap"] >= 1
    assert told["troubles"][0]["kind"] == "gap"
