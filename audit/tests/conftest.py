import pytest

from audit.journal import Journal
from audit.shipper import Shipper
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
