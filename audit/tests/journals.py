"""What a journal told and what stands in it."""

import threading
import time

import msgspec

from audit.journal.frames import Frame, read_frames
from audit.records import JournalHead, Record

DECODER = msgspec.msgpack.Decoder(tuple[int, Record | JournalHead])
PATIENCE_SECONDS = 60.0


class Acknowledgements:
    """What a journal told of its groups."""

    def __init__(self):
        self.groups = []
        self.arrived = threading.Condition()

    def __call__(self, group, error):
        with self.arrived:
            self.groups.append((([entry.sequence for entry in group]), error))
            self.arrived.notify()

    def wait_for(self, count):
        with self.arrived:
            assert self.arrived.wait_for(lambda: self.answered() >= count, PATIENCE_SECONDS)

    def answered(self):
        return sum(len(sequences) for sequences, _ in self.groups)

    @property
    def durable(self):
        return [sequence for sequences, error in self.groups if error is None for sequence in sequences]

    @property
    def given_up(self):
        return [sequence for sequences, error in self.groups if error is not None for sequence in sequences]


def entries_in(directory):
    return [
        DECODER.decode(item.payload)
        for path in sorted(directory.glob("*.journal"))
        for item in read_frames(path.read_bytes(), limit=100_000)
        if isinstance(item, Frame)
    ]


def sequences_in(directory):
    return [sequence for sequence, _ in entries_in(directory) if sequence]


def heads_in(directory):
    return [record for _, record in entries_in(directory) if isinstance(record, JournalHead)]


def wait_until(condition):
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.002)
