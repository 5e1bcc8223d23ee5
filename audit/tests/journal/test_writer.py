import errno
import os
import time

import pytest

from audit.journal import AuditUnavailableError, Journal
from audit.tests.doubles import FaultyFiles, decision
from audit.tests.journals import Acknowledgements, heads_in, sequences_in, wait_until


@pytest.fixture
def files():
    return FaultyFiles()


@pytest.fixture
def told():
    return Acknowledgements()


@pytest.fixture
def journal(tmp_path, files, told):
    journal = Journal(tmp_path, told, max_bytes=1 << 20, rotate_bytes=64 << 10, probe_seconds=0.01, files=files)
    journal.start()
    yield journal
    journal.close()


def test_what_is_acknowledged_survives_a_power_loss(journal, files, told, tmp_path):
    for _ in range(20):
        journal.append(decision(), None)
    told.wait_for(20)

    files.lose_power()

    assert sequences_in(tmp_path) == told.durable == list(range(1, 21))


def test_room_is_made_ahead_so_that_few_syncs_meet_a_growing_file(journal, files, told):
    for number in range(1, 51):
        journal.append(decision(), None)
        told.wait_for(number)

    assert files.calls["fdatasync"] == 51
    assert files.calls["reserve"] <= 5


def test_where_no_room_can_be_made_ahead_records_are_written_all_the_same(journal, files, told, tmp_path):
    files.fail("reserve", errno.ENOSPC, times=1000)

    for _ in range(20):
        journal.append(decision(), None)
    told.wait_for(20)

    assert sequences_in(tmp_path) == told.durable == list(range(1, 21))


def test_a_record_takes_its_place_before_room_is_made_ahead(journal, files, told, monkeypatch):
    places, reserve = [], files.reserve

    def noted(descriptor, position, size):
        places.append((os.fstat(descriptor).st_size, position))
        return reserve(descriptor, position, size)

    monkeypatch.setattr(files, "reserve", noted)
    for number in range(1, 31):
        journal.append(decision(), None)
        told.wait_for(number)

    assert places
    assert all(taken == position for taken, position in places)


def append_and_stop_in_the_sync(journal, files):
    syncs = files.calls["fdatasync"]
    files.may_sync.clear()
    journal.append(decision(), None)
    wait_until(lambda: files.calls["fdatasync"] > syncs)


def test_nothing_is_acknowledged_before_its_sync_has_ended(journal, files, told):
    append_and_stop_in_the_sync(journal, files)
    assert told.groups == []

    files.may_sync.set()

    told.wait_for(1)
    assert told.durable == [1]


def test_all_that_arrives_during_a_sync_is_one_group(journal, files, told):
    append_and_stop_in_the_sync(journal, files)

    for _ in range(10):
        journal.append(decision(), None)
    files.may_sync.set()
    told.wait_for(11)

    assert [sequences for sequences, _ in told.groups] == [[1], list(range(2, 12))]


def test_short_writes_are_completed(journal, files, told, tmp_path):
    files.longest_write = 100

    journal.append(decision(), None)
    told.wait_for(1)

    assert told.durable == sequences_in(tmp_path) == [1]


@pytest.mark.parametrize("operation", ["write", "fdatasync"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_failed_write_or_sync_is_not_tried_again_but_told_to_its_callers(journal, files, told, operation, number):
    before = files.calls[operation]
    files.fail(operation, number)
    files.fail("create", number, times=1000)

    journal.append(decision(), None)
    told.wait_for(1)

    assert told.given_up == [1]
    assert files.calls[operation] == before + 1
    with pytest.raises(AuditUnavailableError):
        journal.append(decision(), None)


def test_recording_goes_on_in_a_fresh_file_once_a_probe_succeeds(journal, files, told, tmp_path):
    files.fail("fdatasync", errno.EIO)
    files.fail("create", errno.ENOSPC, times=3)
    journal.append(decision(), None)
    told.wait_for(1)

    wait_until(lambda: journal.is_available)
    journal.append(decision(), None)
    told.wait_for(2)
    files.lose_power()

    assert told.durable == [2]
    assert sequences_in(tmp_path) == [2]
    assert heads_in(tmp_path)[-1].voided == [(1, 1)]
    assert heads_in(tmp_path)[-1].first_sequence == 2


def test_a_write_that_ends_in_the_middle_leaves_a_torn_frame_and_a_whole_next_file(journal, files, told, tmp_path):
    files.longest_write = 100
    journal.append(decision(), None)
    told.wait_for(1)

    files.fail("write", errno.ENOSPC, after=1)
    journal.append(decision(), None)
    told.wait_for(2)
    wait_until(lambda: journal.is_available)
    journal.append(decision(), None)
    told.wait_for(3)

    assert told.given_up == [2]
    assert sequences_in(tmp_path) == told.durable == [1, 3]


def test_a_journal_that_cannot_be_opened_refuses_until_it_can(tmp_path, files, told):
    files.fail("create", errno.EACCES, times=5)
    journal = Journal(tmp_path, told, max_bytes=1 << 20, probe_seconds=0.01, files=files)

    journal.start()
    with pytest.raises(AuditUnavailableError):
        journal.append(decision(), None)
    wait_until(lambda: journal.is_available)
    journal.append(decision(), None)
    journal.close()

    assert told.durable == sequences_in(tmp_path) == [1]


def test_a_grown_file_is_followed_by_the_next(journal, told, tmp_path):
    for _ in range(200):
        journal.append(decision(), None)
    told.wait_for(200)
    journal.append(decision(), None)
    told.wait_for(201)

    assert [head.file_number for head in heads_in(tmp_path)] == [1, 2]
    assert sequences_in(tmp_path) == list(range(1, 202))


def test_at_the_bound_of_the_directory_the_journal_says_that_it_is_full_until_room_is_made(tmp_path, told):
    ballast = tmp_path / "0.000001.journal"
    ballast.write_bytes(bytes(40_000))
    journal = Journal(tmp_path, told, max_bytes=40_000, probe_seconds=0.01)
    journal.start()
    assert journal.is_full

    ballast.unlink()

    wait_until(lambda: not journal.is_full)
    journal.close()


def test_a_journal_that_fills_the_directory_itself_lets_go_of_its_file_so_that_it_can_be_shipped(tmp_path, told):
    journal = Journal(tmp_path, told, max_bytes=40_000, probe_seconds=0.01)
    journal.start()
    while not journal.is_full:
        journal.append(decision(), None)
        time.sleep(0.01)

    wait_until(lambda: len(list(tmp_path.glob("*.journal"))) == 2)
    min(tmp_path.glob("*.journal")).unlink()

    wait_until(lambda: not journal.is_full)
    journal.close()
    assert len(list(tmp_path.glob("*.journal"))) == 1


def test_closing_writes_what_was_appended(tmp_path, told, files):
    journal = Journal(tmp_path, told, max_bytes=1 << 20, files=files)
    journal.start()
    append_and_stop_in_the_sync(journal, files)
    for _ in range(50):
        journal.append(decision(), None)

    files.may_sync.set()
    journal.close()

    assert told.durable == sequences_in(tmp_path) == list(range(1, 52))
