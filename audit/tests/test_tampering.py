"""Whoever can write to the database but does not hold the key is found out, whatever is changed."""

import io
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from django.core.management import CommandError, call_command

from audit.models import Attempt, Outcome, Refusal, RoutingDecision, Writer
from audit.shipper.sweeper import sweep
from audit.tests.doubles import attempt, decision, intent, outcome, refusal
from audit.tests.forging import forge
from audit.verification import Period, heads, parsed, verify

pytestmark = pytest.mark.django_db
UNPROVEN = {"mac", "writer_id"}


@pytest.fixture
def process(processes):
    return processes()


@pytest.fixture
def record(process, ship):
    """Three requests and a refusal, shipped: sequences 1 to 8, of which 4 is a second attempt's intent."""
    made = [decision(tags=["nightly"]) for _ in range(3)]
    second = intent(made[2].id, number=2)
    ends = [attempt(made[2].first_attempt, error_type="timeout"), attempt(second)]
    outcomes = [outcome(made[0], cost="0.0012"), outcome(made[1]), outcome(made[2], attempts=ends)]
    process.record(*made, second, *outcomes, refusal())
    ship()
    return made


def found(directory, **options):
    return dict(verify(directory, **options).found)


def other(value):
    """A value of the same kind that differs."""
    match value:
        case bool():
            return not value
        case int() | float() | Decimal():
            return value + 1
        case str():
            return f"{value}x"
        case datetime():
            return value + timedelta(microseconds=1)
        case UUID():
            return uuid4()
        case list():
            return [*value, "x"]
        case None:
            return 1
        case _:
            return bytes(value) + b"x"


WORDS = {"tier": "opus", "served_tier": "opus", "phase": "session", "status": "failed"}


def changes():
    rows = [(RoutingDecision, 2), (Attempt, 4), (Outcome, 6), (Refusal, 8)]
    return [
        pytest.param(model, sequence, field.attname, id=f"{model.__name__}.{field.attname}")
        for model, sequence in rows
        for field in model._meta.concrete_fields
        if field.attname not in UNPROVEN
    ]


@pytest.mark.parametrize(("model", "sequence", "column"), changes())
def test_a_changed_value_is_found_in_every_column_of_every_table(record, tmp_path, model, sequence, column):
    rows = model.objects.filter(sequence=sequence)
    value = rows.values_list(column, flat=True).get()

    rows.update(**{column: WORDS[column] if column in WORDS and isinstance(value, str) else other(value)})

    troubles = verify(tmp_path).troubles
    assert any(trouble.where.startswith("writer ") for trouble in troubles), troubles


@pytest.mark.parametrize("model", [RoutingDecision, Attempt, Outcome, Refusal])
def test_a_row_without_its_code_is_found(record, tmp_path, model):
    row = model.objects.filter(sequence__isnull=False).first()
    model.objects.filter(pk=row.pk).update(mac=b"")

    assert found(tmp_path)["unchained"] == 1


def test_a_code_may_not_move_to_another_row(record, tmp_path):
    first, second = RoutingDecision.objects.order_by("sequence")[:2]
    RoutingDecision.objects.filter(pk=first.pk).update(mac=second.mac)
    RoutingDecision.objects.filter(pk=second.pk).update(mac=first.mac)

    assert found(tmp_path)["change"] >= 2


def test_an_attempt_that_is_put_in_is_found(record, tmp_path):
    copy = Attempt.objects.filter(sequence=None).first()
    copy.pk = uuid4()
    copy.save(force_insert=True)

    assert found(tmp_path)["change"] == 2


def test_a_tail_is_missed_also_where_the_writers_row_was_set_back_to_before_it(record, tmp_path):
    Refusal.objects.all().delete()
    last = Outcome.objects.get(sequence=7)
    Writer.objects.update(sequence=7, head=last.mac)

    assert found(tmp_path) == {"change": 1}


def test_records_that_the_writer_never_made_are_found(record, tmp_path):
    copy = Refusal.objects.get()
    copy.pk, copy.sequence = uuid4(), 9
    copy.save(force_insert=True)

    assert found(tmp_path) == {"beyond": 1}


def test_a_gap_cannot_be_declared_as_given_up(record, tmp_path):
    Outcome.objects.filter(sequence=6).delete()
    Writer.objects.update(voided=[[6, 6]])

    assert found(tmp_path) == {"change": 2}


def test_a_writer_that_is_gone_with_all_its_records_is_missed_by_its_follower(processes, record, ship, tmp_path):
    first = Writer.objects.get()
    later = processes()
    later.record(refusal())
    ship()
    for model in (RoutingDecision, Attempt, Outcome, Refusal, Writer):
        model.objects.filter(**{"pk" if model is Writer else "writer_id": first.pk}).delete()

    assert found(tmp_path) == {"missing_writer": 1}


def test_an_assumed_outcome_cannot_be_changed(process, ship, tmp_path):
    process.record(decision())
    process.die()
    ship()
    sweep()
    assert verify(tmp_path).is_clean

    Outcome.objects.update(cost=0)

    assert found(tmp_path) == {"change": 1}


def test_with_another_key_nothing_fits(record, settings, tmp_path):
    settings.AUDIT_CHAIN_KEY = "another"

    assert found(tmp_path)["change"] == 9


def test_a_real_request_cannot_be_passed_off_as_synthetic(record, tmp_path):
    Writer.objects.update(is_synthetic=True)

    assert found(tmp_path) == {"not_synthetic": 3}


def test_the_journal_of_a_dead_process_goes_on_with_its_chain(processes, shipper, ship, tmp_path):
    process = processes()
    process.record(decision())
    ship()
    process.record(decision(), decision())
    process.die()
    shipper.forget()
    ship()

    assert verify(tmp_path).is_clean
    assert (Writer.objects.get().sequence, RoutingDecision.objects.count()) == (3, 3)


def test_values_that_a_database_rounds_or_refuses_are_proven_as_they_were_stored(process, ship, tmp_path):
    odd = decision(key_name="n\x00ul" * 90, confidence=float("nan"), policy_version=2**40, created_at=1e9 + 0.1234567)
    odd.reasons = [("rule", float("inf"), "text", -0.0, "", True)]
    process.record(odd, outcome(odd, cost="0.123456789012345", baseline_opus="1E-11", duration=1e-9, http_status=0))
    ship()

    assert verify(tmp_path).troubles == []


def test_kept_heads_fit_a_record_that_has_grown(process, record, ship, tmp_path):
    kept = parsed(heads())
    process.record(refusal())
    ship()

    assert verify(tmp_path, kept_heads=kept).is_clean


def test_kept_heads_find_what_was_changed_by_someone_who_holds_the_key(record, tmp_path):
    kept = heads()
    Outcome.objects.filter(sequence=5).update(cost=Decimal(0))
    forge(Writer.objects.get())

    assert verify(tmp_path).is_clean
    assert found(tmp_path, kept_heads=parsed(kept)) == {"other_head": 1}


def test_kept_heads_miss_a_tail_that_was_cut_with_the_key(record, tmp_path):
    kept = heads()
    Refusal.objects.all().delete()
    Writer.objects.update(sequence=7)
    forge(Writer.objects.get())

    assert verify(tmp_path).is_clean
    assert found(tmp_path, kept_heads=parsed(kept)) == {"other_head": 1}


def test_kept_heads_miss_a_writer_that_is_gone(record, tmp_path):
    kept = parsed(heads())
    for model in (RoutingDecision, Attempt, Outcome, Refusal, Writer):
        model.objects.all().delete()

    assert found(tmp_path, kept_heads=kept) == {"missing_writer": 1}


def test_only_the_asked_period_is_looked_at(process, ship, tmp_path):
    moments = [datetime.fromisoformat(f"2026-03-0{day}T12:00:00Z") for day in (1, 2, 3)]
    for moment in moments:
        made = decision(id=(int(moment.timestamp() * 1000) << 80 | 7 << 76 | 2 << 62).to_bytes(16))
        process.record(made, outcome(made))
    ship()
    RoutingDecision.objects.filter(sequence=5).update(key_name="other")

    assert found(tmp_path, period=Period(until=moments[2])) == {}
    assert found(tmp_path, period=Period(since=moments[1])) == {"change": 1}
    assert found(tmp_path, period=Period(since=moments[1], until=moments[2])) == {}


def test_the_command_prints_heads_and_compares_kept_ones(record, settings, tmp_path, monkeypatch, capsys):
    settings.AUDIT_JOURNAL_DIR = tmp_path
    call_command("verify_audit", "--heads")
    printed = capsys.readouterr().out
    (tmp_path / "heads").write_text(printed)

    call_command("verify_audit", "--heads-file", str(tmp_path / "heads"))
    monkeypatch.setattr("sys.stdin", io.StringIO(printed.replace(" 8 ", " 9 ")))
    with pytest.raises(SystemExit):
        call_command("verify_audit", "--heads-file", "-")

    assert "other_head" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["nonsense", "a b c"])
def test_what_is_no_head_is_refused(tmp_path, text):
    (tmp_path / "heads").write_text(text)

    with pytest.raises(CommandError, match="line 1 is no head"):
        call_command("verify_audit", "--heads-file", str(tmp_path / "heads"))
