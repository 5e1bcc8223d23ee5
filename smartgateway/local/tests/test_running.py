import threading

import pytest

from smartgateway.local import running


def test_what_a_run_told_is_read_while_it_runs_and_not_after(tmp_path):
    assert running.told(tmp_path) is None

    with running.only_one(tmp_path):
        running.tell({"REDIS_URL": "unix:///x"}, tmp_path)

        assert running.told(tmp_path) == {"REDIS_URL": "unix:///x"}

    assert running.told(tmp_path) is None


def test_a_run_that_has_told_nothing_yet_or_half_of_it_is_not_believed(tmp_path):
    with running.only_one(tmp_path):
        assert running.told(tmp_path) is None

        (tmp_path / running.TOLD).write_text("{")

        assert running.told(tmp_path) is None


def test_a_second_run_is_refused_in_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "LOOKED_AT_SECONDS", 0)

    with (
        running.only_one(tmp_path),
        pytest.raises(running.AlreadyRunsError, match="stop it first"),
        running.only_one(tmp_path),
    ):
        pass


def test_who_only_looks_does_not_keep_a_run_from_starting(tmp_path, monkeypatch):
    monkeypatch.setattr(running, "LOOKED_AT_SECONDS", 60)
    (tmp_path / running.LOCK).touch()
    looking = (tmp_path / running.LOCK).open()
    running.fcntl.flock(looking, running.fcntl.LOCK_SH)
    threading.Timer(0.1, looking.close).start()

    with running.only_one(tmp_path):
        assert looking.closed
