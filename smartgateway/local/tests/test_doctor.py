import errno

import httpx
import pytest
from django.core.management import call_command
from django.db import DatabaseError

from smartgateway.keys import issuing
from smartgateway.local import doctor, surroundings
from smartgateway.local.surroundings import Found


@pytest.fixture
def answer(monkeypatch):
    """What every address answers: a response, or an error."""

    def set_answer(reply):
        def get(url, **_):
            if isinstance(reply, Exception):
                raise reply
            return reply

        monkeypatch.setattr(httpx, "get", get)

    return set_answer


@pytest.mark.django_db
def test_without_an_active_key_the_command_is_named():
    assert doctor.key().is_well is False
    assert doctor.key().next_step == "manage.py create_api_key NAME"


@pytest.mark.django_db
def test_active_keys_are_counted():
    issuing.issue("laptop")

    assert doctor.key().words == "1 active"


@pytest.mark.parametrize(
    ("reply", "is_well", "words"),
    [
        pytest.param(httpx.Response(200), True, "accepts the key", id="well"),
        pytest.param(httpx.Response(401), False, "refuses the key", id="wrong key"),
        pytest.param(httpx.Response(529), False, "status 529", id="overloaded"),
        pytest.param(httpx.ConnectError("refused"), False, "cannot be reached: refused", id="unreachable"),
    ],
)
def test_claude_is_asked(settings, answer, reply, is_well, words):
    settings.ANTHROPIC_API_KEY = "sk-ant-test"
    answer(reply)

    state = doctor.claude()

    assert (state.is_well, words in state.words) == (is_well, True)
    assert "sk-ant" not in state.words + state.next_step


def test_claude_without_a_key_is_off_and_not_an_error():
    assert doctor.claude().is_well is None


@pytest.mark.parametrize(
    ("reply", "is_well", "words"),
    [
        pytest.param(httpx.Response(200, json={"models": [{"name": "qwen"}]}), True, "qwen at", id="well"),
        pytest.param(httpx.Response(200, json={"models": []}), True, "the largest model there", id="another model"),
        pytest.param(httpx.Response(200, html="<p>log in"), False, "not as ollama does", id="a login page"),
        pytest.param(httpx.ConnectTimeout(""), False, "ConnectTimeout", id="timeout"),
    ],
)
def test_a_configured_local_model_is_asked(settings, answer, reply, is_well, words):
    settings.LOCAL_LLM_BASE_URL = "http://models:11434"
    settings.LOCAL_LLM_DEFAULT_MODEL = "qwen"
    answer(reply)

    state = doctor.local_model()

    assert (state.is_well, words in state.words) == (is_well, True)


def test_the_local_model_of_make_run_is_named(monkeypatch):
    monkeypatch.setattr(surroundings, "look", lambda: Found(brings_model=True))

    assert "demo/smollm2-135m" in doctor.local_model().words


@pytest.mark.django_db
def test_a_migrated_database_is_well():
    assert doctor.database().is_well


def test_a_database_that_is_away_is_one_sentence(monkeypatch):
    def fail(connection):
        raise DatabaseError("connection refused\n")

    monkeypatch.setattr(doctor, "MigrationExecutor", fail)

    state = doctor.database()

    assert state.is_well is False
    assert state.words == "cannot be used: connection refused"


def test_a_redis_that_is_away_is_one_sentence(settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"

    assert doctor.redis().is_well is False


@pytest.mark.redis
def test_a_redis_that_answers_is_well(settings, redis_url):
    settings.REDIS_URL = redis_url

    assert doctor.redis().is_well


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
