"""What is read of a file whose writer lost its power, or is still writing it."""

import os
from itertools import chain, combinations

import msgspec
import pytest

from audit.journal import Journal
from audit.journal.frames import frame, group
from audit.journal.journal_file import SECTOR_BYTES, JournalFile
from audit.tests.doubles import FaultyFiles, decision
from audit.tests.journals import Acknowledgements, wait_until

WRITER = "0" * 32


def framed(sequence):
    return frame(msgspec.msgpack.encode((sequence, decision(tags=["x" * 2000]))))


ONE, TWO, THREE = framed(1), framed(2), framed(3)


@pytest.fixture
def reading(tmp_path):
    """Opens the writer's first file, as it is given."""
    path = tmp_path / f"{WRITER}.000001.journal"
    opened = []

    def of(data):
        path.write_bytes(data)
        opened.append(JournalFile(path))
        return opened[-1]

    yield of
    for file in opened:
        file.close()


def read(file):
    """The sequences, and where there is damage."""
    found = file.read(1000)
    damage = [(part.start, part.end) for part in found.unreadable]
    return [sequence for sequence, _ in found.entries if sequence], damage


@pytest.fixture
def stopped(tmp_path):
    """Three records are acknowledged; a group of five is written, and its sync does not end."""
    files, told = FaultyFiles(), Acknowledgements()
    journal = Journal(tmp_path, told, max_bytes=1 << 20, files=files, soon=lambda step: None)
    journal.start()
    keep(journal, 3)
    told.wait_for(3)
    files.may_sync.clear()
    syncs = files.calls["fdatasync"]
    keep(journal, 5)
    wait_until(lambda: files.calls["fdatasync"] > syncs)
    yield files, *tmp_path.glob("*.journal")
    files.may_sync.set()
    journal.close()


def keep(journal, records):
    for _ in range(records):
        journal.append(decision(), None)
    journal.hand_over()


def test_whatever_sectors_of_a_group_a_power_loss_leaves_nothing_is_missing_between_what_is_read(stopped):
    files, path = stopped
    written = path.read_bytes()
    first = len(files.synced[path].rstrip(b"\0")) // SECTOR_BYTES
    sectors = range(first, len(written.rstrip(b"\0")) // SECTOR_BYTES + 1)
    assert len(sectors) > 4

    for left in chain.from_iterable(combinations(sectors, count) for count in range(len(sectors) + 1)):
        path.write_bytes(written)
        files.lose_power(left.__contains__)
        file = JournalFile(path)
        sequences, damage = read(file)
        file.close()

        assert sequences == list(range(1, len(sequences) + 1))
        assert len(sequences) >= 3
        assert damage == []


def test_zeros_before_a_later_group_are_damage_for_its_records_were_acknowledged(reading):
    file = reading(group([ONE]) + bytes(len(TWO)) + group([THREE]) + bytes(4096))

    assert read(file) == ([1, 3], [(len(ONE), len(ONE + TWO))])


def test_zeros_in_the_last_group_are_damage_where_a_later_file_says_that_it_was_kept(reading, tmp_path):
    file = reading(group([ONE]) + bytes(len(TWO)) + THREE)
    assert read(file) == ([1], [])

    (tmp_path / f"{WRITER}.000002.journal").touch()

    assert read(file) == ([1, 3], [(len(ONE), len(ONE + TWO))])


def test_a_group_that_is_half_written_when_it_is_read_is_read_whole_in_the_end(reading, monkeypatch):
    whole = group([ONE]) + group([TWO])
    file = reading(whole)
    half_written, pread = [whole[:512] + bytes(512) + whole[1024:]], os.pread
    monkeypatch.setattr(os, "pread", lambda *place: half_written.pop() if half_written else pread(*place))

    found = read(file)

    assert found == ([1, 2], [])
    assert half_written == []
