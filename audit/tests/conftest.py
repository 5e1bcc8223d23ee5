import pytest

from audit.ids import id_at
from audit.journal import Journal
from audit.shipper import Shipper
from audit.shipper.batch import Batch
from audit.tests.days import NOON
from audit.tests.doubles import decision, outcome
from audit.tests.journals import Acknowledgements


class Process:
    """A serving process as the journal sees it: what it recorded is durable when the call returns."""

    def __init__(self, directory, **options):
        self.told = Acknowledgements()
        self.journal = Journal(directory, self.told, **{"max_bytes": 1 << 30} | options)
        self.journal.start()

    def record(self, *records):
        for record in records:
            self.journal.append(record, None)
        self.told.wait_for(self.journal.sequence)

    def die(self):
        self.journal.close()


@pytest.fixture
def processes(tmp_path):
    started = []

    def start(**options):
        started.append(Process(tmp_path, **options))
        return started[-1]

    yield start
    for process in started:
        if process.journal.is_available:
            process.die()


@pytest.fixture
def shipper(tmp_path):
    return Shipper(tmp_path)


@pytest.fixture
def ship(shipper):
    """Ship until nothing is left; how many records moved."""

    def run():
        moved = count = 1
        while count:
            shipper.discover()
            shipper.retire()
            count = shipper.ship()
            moved += count
        shipper.retire()
        return moved - 1

    return run


@pytest.fixture
def made(db):
    """Puts a request with its outcome at a moment straight into the tables."""
    count = 0

    def make(moment=NOON, *, came=None, **changes):
        nonlocal count
        count += 1
        request_id = (id_at(moment).int + count).to_bytes(16)
        record = decision(id=request_id, created_at=moment.timestamp(), **changes)
        batch = Batch()
        batch.add(1, count, record)
        if came is not False:
            batch.add(1, count, outcome(record, **(came or {})))
        batch.save()
        return record

    return make
