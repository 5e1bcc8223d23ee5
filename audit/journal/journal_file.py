"""One file of a journal as the shipper reads it: also while it is written, and after its writer died."""

import logging
import os
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import msgspec

from audit.journal.files import Files
from audit.journal.frames import HEADER, MAX_PAYLOAD, Damage, Frame, read_frames
from audit.records import JournalHead, Record

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
SECTOR_BYTES = 512  # what a disk writes whole or not at all
_decode = msgspec.msgpack.Decoder(tuple[int, Record | JournalHead]).decode


class Reading(NamedTuple):
    """What was found after `JournalFile.offset`, in order, and where to go on once it is committed."""

    entries: list[tuple[int, Record | JournalHead]]
    unreadable: list[Damage]
    end: int


class JournalFile:
    """One file. `offset` is what is committed; reading does not move it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self._unreadable: list[Damage] = []
        self._doubted: set[int] = set()
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, limit: int) -> Reading:
        """Damage counts where a second look meets it too: the first may have met a group half written."""
        while (reading := self._look(limit)) is None:
            continue
        return reading

    def move_on(self, reading: Reading) -> None:
        """What was read is committed."""
        self.offset = reading.end
        self._unreadable += reading.unreadable
        for part in reading.unreadable:
            logger.error("Bytes %d to %d of the journal %s are no record", part.start, part.end, self.path.name)

    def retire(self) -> None:
        """All of it is committed: what is no record is kept aside for a human to look at, the rest goes."""
        for part in self._unreadable:
            self._keep_aside(part, "corrupt")
        rest = self._bytes(self.offset, self._size()).rstrip(b"\0")
        if torn := rest.lstrip(b"\0"):
            end = self.offset + len(rest)
            self._keep_aside(Damage(end - len(torn), end), "torn")
        self.path.unlink(missing_ok=True)
        Files().sync_directory(self.path.parent)
        self.close()

    def close(self) -> None:
        os.close(self._descriptor)

    def _look(self, limit: int) -> Reading | None:
        reading = self._parse(os.pread(self._descriptor, CHUNK_BYTES, self.offset), limit)
        if reading and reading.end == self.offset and self._size() - self.offset > CHUNK_BYTES:
            return self._parse(os.pread(self._descriptor, HEADER.size + MAX_PAYLOAD, self.offset), limit)
        return reading

    def _parse(self, data: bytes, limit: int) -> Reading | None:
        """None where damage is met for the first time."""
        entries, unreadable, end = [], [], self.offset
        for item in read_frames(data, limit):
            place = Damage(self.offset + item.start, self.offset + item.end)
            if isinstance(item, Damage):
                if place.start not in self._doubted:
                    self._doubted.add(place.start)
                    return None
                if self._is_unsynced(place):
                    break
            if isinstance(item, Frame) and (entry := _entry(item)):
                entries.append(entry)
            else:
                unreadable.append(place)
            end = place.end
        return Reading(entries, unreadable, end)

    def _is_unsynced(self, part: Damage) -> bool:
        """Whether the power went before the disk had the group that this part is of: then nobody was told of it.

        Room is made as zeros: a sector of them was never written. Nor was the group synced, if none came after it.
        """
        edges = [part.start, *range(part.start - part.start % SECTOR_BYTES + SECTOR_BYTES, part.end + 1, SECTOR_BYTES)]
        if all(any(self._bytes(*sector)) for sector in pairwise(edges)) or self._following().exists():
            return False
        later = self._bytes(part.end, self._size())
        return not any(item.is_first for item in read_frames(later, len(later)) if isinstance(item, Frame))

    def _following(self) -> Path:
        writer, number, _ = self.path.name.split(".")
        return self.path.with_name(f"{writer}.{int(number) + 1:06d}.journal")

    def _keep_aside(self, part: Damage, reason: str) -> None:
        data = self._bytes(part.start, part.end)
        aside = self.path.with_name(f"{self.path.name}.{part.start}.{reason}")
        aside.write_bytes(data)
        logger.warning("%d bytes of a journal that are no record are kept in %s", len(data), aside.name)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _bytes(self, start: int, end: int) -> bytes:
        return os.pread(self._descriptor, end - start, start)


def _entry(found: Frame) -> tuple[int, Record | JournalHead] | None:
    try:
        return _decode(found.payload)
    except msgspec.MsgspecError:
        return None
