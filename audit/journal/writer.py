"""A process's own journal: grouped appends, each group on disk before its callers go on."""

import asyncio
import logging
import os
import platform
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

import msgspec

from audit.ids import new_id
from audit.journal.errors import AuditUnavailableError
from audit.journal.files import Files
from audit.journal.frames import frame, group
from audit.records import JournalHead, Record

logger = logging.getLogger(__name__)

ROTATE_BYTES = 16 << 20
RESERVE_BYTES = 4 << 10, 128 << 10  # at least, at most
GROUP_LIMIT = 512
PROBE_SECONDS = 1.0
MEASURE_SECONDS = 0.5


class Entry(NamedTuple):
    sequence: int
    frame: bytes
    waiter: asyncio.Future[None] | None


Notify = Callable[[list[Entry], AuditUnavailableError | None], None]
"""Called in the journal's thread, once per group, when it is on disk or can never be."""


class Journal:
    """One thread writes; `append` is called from one other thread only.

    Whatever is appended while a sync is in flight forms the next group. A failed write or sync is never tried
    again: what the disk then holds is unknown. Its group is given up, and so is the file; a fresh one is probed.
    """

    def __init__(
        self,
        directory: Path,
        notify: Notify,
        *,
        max_bytes: int,
        rotate_bytes: int = ROTATE_BYTES,
        probe_seconds: float = PROBE_SECONDS,
        files: Files | None = None,
        soon: Callable[[Callable[[], None]], object] = lambda step: step(),
    ) -> None:
        self.directory = directory
        self.writer_id = new_id()
        self.started_at = time.time()
        self.sequence = 0
        self.is_available = False
        self.is_full = False
        self._notify = notify
        self._max_bytes = max_bytes
        self._rotate_bytes = rotate_bytes
        self._probe_seconds = probe_seconds
        self._files = files or Files()
        self._queue: SimpleQueue[list[Entry] | None] = SimpleQueue()
        self._gathered: list[Entry] = []
        self._soon = soon
        self._encode = msgspec.msgpack.Encoder().encode
        self._thread = threading.Thread(target=self._run, name="audit-journal", daemon=True)
        self._lock: int | None = None
        self._file: int | None = None
        self._file_number = 0
        self._file_bytes = self._head_bytes = self._reserved_bytes = 0
        self._next_sequence = 1  # of what comes to the file, seen from the thread
        self._voided: list[tuple[int, int]] = []
        self._measured_at = 0.0

    def start(self) -> None:
        """Open the first file and start writing; where that fails, records are refused until a probe succeeds."""
        self._open_file()
        self._measure()
        self._thread.start()

    def append(self, record: Record, waiter: asyncio.Future[None] | None) -> None:
        """Take `record` into the next group. Raises where the disk is known to fail."""
        if not self.is_available:
            raise AuditUnavailableError("The record cannot be written at the moment; nothing was sent on.")
        payload = self._encode((self.sequence + 1, record))
        self.sequence += 1
        self._gathered.append(Entry(self.sequence, frame(payload), waiter))
        if len(self._gathered) == 1:
            self._soon(self.hand_over)

    def hand_over(self) -> None:
        """Wake the writing thread once for all that was appended since: each waking costs more than a record."""
        if self._gathered:
            self._queue.put(self._gathered)
            self._gathered = []

    def close(self) -> None:
        """Write what was appended, then let go of the files: the shipper takes them over."""
        self.hand_over()
        self._queue.put(None)
        self._thread.join()
        self.is_available = False
        self._close_file()
        if self._lock is not None:
            self._files.close(self._lock)
            self._lock = None

    def _run(self) -> None:
        is_open = True
        while is_open:
            entries, is_open = self._take()
            if entries:
                self._keep(entries)
            if not self.is_available or self._file_bytes >= self._rotate_bytes:
                self._open_file()
            self._measure()

    def _take(self) -> tuple[list[Entry], bool]:
        """All that waits, and whether more may come; while in trouble, nothing after a while."""
        taken: list[Entry] = []
        timeout = self._probe_seconds if self.is_full or not self.is_available else None
        try:
            entries = self._queue.get(timeout=timeout)
            while entries is not None:
                taken += entries
                if len(taken) >= GROUP_LIMIT:
                    return taken, True
                entries = self._queue.get_nowait()
        except Empty:
            return taken, True
        return taken, False

    def _keep(self, entries: list[Entry]) -> None:
        error: AuditUnavailableError | None = None
        self._next_sequence = entries[-1].sequence + 1
        if self.is_available:
            try:
                self._store(group([entry.frame for entry in entries]))
            except Exception as exc:  # whatever it is: this thread must go on, or callers wait for ever
                logger.error("The journal failed and records are refused until the disk is well: %s", exc)
                self.is_available = False
        if not self.is_available:
            self._void(entries[0].sequence, entries[-1].sequence)
            error = AuditUnavailableError("The record could not be written; nothing was sent on.")
        self._notify(entries, error)

    def _store(self, data: bytes) -> None:
        assert self._file is not None
        end, rest = self._file_bytes + len(data), memoryview(data)
        while rest:
            rest = rest[self._files.write(self._file, rest, end - len(rest)) :]
        if end > self._reserved_bytes:
            self._reserve(self._file, end)
        self._files.fdatasync(self._file)
        self._file_bytes = end

    def _reserve(self, descriptor: int, end: int) -> None:
        """Room for what comes after `end`: a sync costs less where the file does not grow."""
        least, most = RESERVE_BYTES
        with suppress(OSError):  # it is only about speed: writes and syncs of records tell whether the disk is well
            self._reserved_bytes = end + self._files.reserve(descriptor, end, min(max(end, least), most))

    def _void(self, first: int, last: int) -> None:
        if self._voided and self._voided[-1][1] == first - 1:
            first = self._voided.pop()[0]
        self._voided.append((first, last))

    def _open_file(self) -> None:
        """Go on in a fresh file; callers may append meanwhile, unless the last one failed."""
        try:
            if self._lock is None:
                self._lock = self._files.lock(self._path("lock"))
            self._close_file()
            self._file = self._files.create(self._path(f"{self._file_number + 1:06d}.journal"))
            self._file_number += 1
            self._file_bytes = self._reserved_bytes = 0
            self._store(group([frame(self._encode((0, self._head())))]))
            self._head_bytes = self._file_bytes
            self._files.sync_directory(self.directory)
        except OSError as exc:
            logger.error("No journal can be opened in %s: %s", self.directory, exc)
            self.is_available = False
        else:
            self._voided = []
            self.is_available = True

    def _close_file(self) -> None:
        if self._file is not None:
            descriptor, self._file = self._file, None
            self._files.close(descriptor)

    def _path(self, suffix: str) -> Path:
        return self.directory / f"{self.writer_id.hex()}.{suffix}"

    def _head(self) -> JournalHead:
        return JournalHead(
            writer_id=self.writer_id,
            host=platform.node(),
            pid=os.getpid(),
            started_at=self.started_at,
            file_number=self._file_number,
            first_sequence=self._next_sequence,
            voided=self._voided,
        )

    def _measure(self) -> None:
        """Note whether the directory has reached its bound; looked at twice a second at most.

        Where it has, this file is ended: it may be what fills the directory, and only a whole one can go.
        """
        now = time.monotonic()
        if now - self._measured_at < MEASURE_SECONDS:
            return
        self._measured_at = now
        try:
            was_full, self.is_full = self.is_full, self._files.bytes_in(self.directory) >= self._max_bytes
        except OSError as exc:
            logger.error("The journal directory cannot be read: %s", exc)
            return
        if self.is_full and not was_full:
            logger.error("The journals reached AUDIT_JOURNAL_MAX_MB: new requests are refused until they are shipped")
        if self.is_full and self._file_bytes > self._head_bytes:
            self._open_file()
