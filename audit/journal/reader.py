"""Journals as the shipper reads them: also while they are written, and after their writer died."""

import fcntl
import logging
import os
import re
from pathlib import Path
from typing import NamedTuple

import msgspec

from audit.journal.files import Files
from audit.journal.frames import HEADER, MAX_PAYLOAD, Damage, Frame, read_frames
from audit.records import JournalHead, Record

logger = logging.getLogger(__name__)

CHUNK_BYTES = 1 << 20
NAME = re.compile(r"[0-9a-f]{32}\.\d{6}\.journal")
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
        self._descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)

    def read(self, limit: int) -> Reading:
        reading = self._parse(os.pread(self._descriptor, CHUNK_BYTES, self.offset), limit)
        if reading.end == self.offset and self._size() - self.offset > CHUNK_BYTES:
            return self._parse(os.pread(self._descriptor, HEADER.size + MAX_PAYLOAD, self.offset), limit)
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
        if (size := self._size()) > self.offset:
            self._keep_aside(Damage(self.offset, size), "torn")
        self.path.unlink(missing_ok=True)
        Files().sync_directory(self.path.parent)
        self.close()

    def _keep_aside(self, part: Damage, reason: str) -> None:
        data = os.pread(self._descriptor, part.end - part.start, part.start)
        aside = self.path.with_name(f"{self.path.name}.{part.start}.{reason}")
        aside.write_bytes(data)
        logger.warning("%d bytes of a journal that are no record are kept in %s", len(data), aside.name)

    def close(self) -> None:
        os.close(self._descriptor)

    def _size(self) -> int:
        return os.fstat(self._descriptor).st_size

    def _parse(self, data: bytes, limit: int) -> Reading:
        reading = Reading([], [], self.offset)
        end = 0
        for item in read_frames(data, limit):
            end = item.end
            if isinstance(item, Frame) and (entry := _entry(item)):
                reading.entries.append(entry)
            else:
                reading.unreadable.append(Damage(self.offset + item.start, self.offset + item.end))
        return reading._replace(end=self.offset + end)


def _entry(found: Frame) -> tuple[int, Record | JournalHead] | None:
    try:
        return _decode(found.payload)
    except msgspec.MsgspecError:
        return None


class WriterJournals:
    """The journals of one writer, oldest first."""

    def __init__(self, directory: Path, writer_hex: str) -> None:
        self.directory = directory
        self.writer_hex = writer_hex
        self.current: JournalFile | None = None
        self._numbers: list[str] = []
        self._lock: int | None = None

    def note(self, names: list[str]) -> None:
        """Take in what stands in the directory now."""
        self._numbers = sorted(names)
        if self.current is None and self._numbers:
            self.current = JournalFile(self.directory / self._numbers[0])

    def is_complete(self) -> bool:
        """Nothing will be added to the current file: a later one exists, or the writer is gone."""
        return len(self._numbers) > 1 or self.is_abandoned()

    def is_abandoned(self) -> bool:
        """Whether the writer is gone; from then on its lock is ours."""
        if self._lock is None:
            try:
                self._lock = Files().lock(self._path("lock"))
            except BlockingIOError:
                return False
        return True

    def next_file(self) -> None:
        if self.current is not None:
            self.current.retire()
        self._numbers = self._numbers[1:]
        self.current = JournalFile(self.directory / self._numbers[0]) if self._numbers else None

    def confirm(self, sequence: int) -> None:
        """Tell a writer that waits for the database how far it is committed."""
        try:
            descriptor = os.open(self._path("shipped"), os.O_WRONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            os.pwrite(descriptor, sequence.to_bytes(8, "little"), 0)
        finally:
            os.close(descriptor)

    def remove(self) -> None:
        """The writer is gone and all it left is committed."""
        for suffix in ("shipped", "lock"):
            self._path(suffix).unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        if self.current is not None:
            self.current.close()
        if self._lock is not None:
            fcntl.flock(self._lock, fcntl.LOCK_UN)
            os.close(self._lock)
            self._lock = None

    def _path(self, suffix: str) -> Path:
        return self.directory / f"{self.writer_hex}.{suffix}"


def journals_in(directory: Path) -> dict[str, list[str]]:
    """Names of journal files, by writer in hex."""
    found: dict[str, list[str]] = {}
    for path in directory.glob("*.journal"):
        if NAME.fullmatch(path.name):
            found.setdefault(path.name.split(".")[0], []).append(path.name)
    return found
