import errno

import pytest
from django.core.management import call_command
from django.db import DatabaseError

from smartgateway.keys import issuing
from smartgateway.local import doctor, surroundings
from smartgateway.local.ollama import Ollama
from smartgateway.local.surroundings import Found


@pytest.mark.django_db
def test_without_an_active_key_the_command_is_named():
    assert doctor.key().is_well is False
    assert doctor.key().next_step == "manage.py create_api_key NAME"


@pytest.mark.django_db
def test_active_keys_are_counted():
    issuing.issue("laptop")

    assert doctor.key().words == "1 active"


@pytest.mark.parametrize(
    ("found", "is_well", "words", "next_step"),
    [
        pytest.param(Found(brings_model=True), None, "brings demo/smollm2-135m", "LOCAL_LLM_BASE_URL", id="embedded"),
        pytest.param(Found(Ollama(("phi3",))), None, "takes phi3 of the Ollama here", "make run", id="Ollama"),
        pytest.param(Found(), False, "there is none", "install Ollama", id="none"),
    ],
)
def test_what_make_run_would_take_is_named(monkeypatch, found, is_well, words, next_step):
    monkeypatch.setattr(surroundings, "look", lambda: found)

    state = doctor.local_model()

    assert (state.is_well, words in state.words, next_step in state.next_step) == (is_well, True, True), state


@pytest.mark.django_db
def test_a_migrated_database_is_well():
    assert doctor.database().is_well


def test_a_database_that_is_away_is_one_sentence(monkeypatch):
    def fail(connection):
        raise DatabaseError("connection refused\n\tis it there?\n")

    monkeypatch.setattr(doctor, "MigrationExecutor", fail)

    state = doctor.database()

    assert state.is_well is False
    assert state.words == "cannot be used: connection refused is it there?"


def test_too_little_room_for_the_journal_is_named(settings, tmp_path):
    settings.AUDIT_JOURNAL_DIR = tmp_path / "not" / "made" / "yet"
    settings.AUDIT_JOURNAL_MAX_MB = 1 << 40

    assert doctor.disk().is_well is False
    assert "AUDIT_JOURNAL_MAX_MB" in doctor.disk().next_step


def test_a_journal_is_written_to_and_left_as_it_was(settings, tmp_path):
    settings.AUDIT_JOURNAL_DIR = tmp_path / "journal"

    state = doctor.journal()

    assert "a sync takes" in state.words
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_slow_disk_is_named(settings, tmp_path, monkeypatch):
    settings.AUDIT_JOURNAL_DIR = tmp_path
    monkeypatch.setattr(doctor, "timed", lambda action: 0.2)

    assert doctor.journal().is_well is False


def test_a_journal_that_cannot_be_written_is_named(settings, tmp_path, monkeypatch):
    settings.AUDIT_JOURNAL_DIR = tmp_path

    def refuse(path):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(doctor, "write_synced", refuse)

    assert doctor.journal().words.endswith("cannot be written: Read-only file system")


@pytest.mark.django_db
def test_the_command_fails_when_one_thing_is_not_well(capsys, settings, tmp_path):
    settings.AUDIT_JOURNAL_DIR = tmp_path

    with pytest.raises(SystemExit) as exit_status:
        call_command("doctor")

    assert exit_status.value.code == 1
    assert "✗ Key" in capsys.readouterr().out
