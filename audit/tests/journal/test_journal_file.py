"""What is read of a file whose writer lost its power, or is still writing it."""

import os
from itertools import chain, combinations

import pytest

from audit.journal import Journal
from audit.journal.frames import frame, group
from audit.journal.journal_file import SECTOR_BYTES, JournalFile
from audit.tests.doubles import FaultyFiles, decision
from audit.tests.journals import Acknowledgements, wait_until


def sequences(file):
    return [sequence for sequence, _ in file.read(1000).entries if sequence]


@pytest.fixture
def journal(tmp_path):
    files, told = FaultyFiles(), Acknowledgements()
    journal = Journal(tmp_path, told, max_bytes=1 << 20, files=files)
    journal.start()
    yield journal, files, told
    files.may_sync.set()
    journal.close()


def stopped_in_the_sync_of_a_group(journal, records):
    """Three records are acknowledged, those of the group are only written."""
    journal, files, told = journal
    for number in range(1, 4):
        journal.append(decision(), None)
        told.wait_for(number)
    files.may_sync.clear()
    syncs = files.calls["fdatasync"]
    journal._soon = lambda step: None
    for _ in range(records):
        journal.append(decision(), None)
    journal.hand_over()
    wait_until(lambda: files.calls["fdatasync"] > syncs)
    return files


def test_whatever_sectors_of_a_group_a_power_loss_leaves_nothing_is_missing_between_what_is_read(journal, tmp_path):
    files = stopped_in_the_sync_of_a_group(journal, 5)
    (path,) = tmp_path.glob("*.journal")
    written = path.read_bytes()
    first = len(files.synced[path].rstrip(b"\0")) // SECTOR_BYTES
    sectors = range(first, len(written.rstrip(b"\0")) // SECTOR_BYTES + 1)
    assert len(sectors) > 4

    for left in chain.from_iterable(combinations(sectors, count) for count in range(len(sectors) + 1)):
        path.write_bytes(written)
        files.lose_power(left.__contains__)
        file = JournalFile(path)
        found, unreadable = sequences(file), file.read(1000).unreadable
        file.close()

        assert found == list(range(1, len(found) + 1))
        assert len(found) >= 3
        assert unreadable == []


def test_zeros_before_a_later_group_are_damage_for_its_records_were_acknowledged(tmp_path):
    path = tmp_path / f"{'0' * 32}.000001.journal"
    one, two, three = (frame(bytes([0x92, number, 0x90]) + b"x" * 2000) for number in (1, 2, 3))
    path.write_bytes(group([one]) + bytes(len(two)) + group([three]) + bytes(4096))
    file = JournalFile(path)

    (_, damage, _) = file.read(10).unreadable

    assert (damage.start, damage.end) == (len(one), len(one + two))
    file.close()


def test_zeros_in_the_last_group_are_damage_where_a_later_file_says_that_it_was_kept(tmp_path):
    path = tmp_path / f"{'0' * 32}.000001.journal"
    one, two, three = (frame(bytes([number]) * 2000) for number in (1, 2, 3))
    path.write_bytes(group([one, two, three]))
    with path.open("r+b") as file:
        os.pwrite(file.fileno(), bytes(len(two)), len(one))
    journal = JournalFile(path)
    assert len(journal.read(10).unreadable) == 1

    path.with_name(f"{'0' * 32}.000002.journal").touch()

    assert len(journal.read(10).unreadable) == 3
    journal.close()


def test_a_group_that_is_half_written_while_it_is_read_is_read_whole_in_the_end(tmp_path, monkeypatch):
    path = tmp_path / f"{'0' * 32}.000001.journal"
    whole = group([frame(b"\x92\x01\x90" + b"x" * 6000)]) + group([frame(b"\x92\x02\x90")])
    path.write_bytes(whole)
    torn, pread = [whole[:4096] + bytes(1000) + whole[5096:]], os.pread
    file = JournalFile(path)
    monkeypatch.setattr(os, "pread", lambda *place: torn.pop() if torn else pread(*place))

    reading = file.read(10)

    assert reading.unreadable[0].start == 0
    assert [part.end for part in reading.unreadable] == [6012 + 3, len(whole)]
    file.close()
