"""The only door to the record. Each awaited call returns once its record is durable, or raises."""

import asyncio
import logging
import os
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from audit.ids import new_id
from audit.journal import AuditUnavailableError, Entry, Files, Journal
from audit.records import AttemptIntent, DecisionRecord, OutcomeRecord, Record, RefusalRecord

__all__ = ["AuditUnavailableError", "close", "decided", "intended", "new_id", "refused", "settled", "start"]

logger = logging.getLogger(__name__)

REFUSALS_A_MINUTE = 60
COMMIT_POLL_SECONDS = 0.002
COMMIT_TIMEOUT_SECONDS = 10.0
_recorder: "Recorder | None" = None


async def start() -> None:
    """Open this process's journal. Call once per event loop, before the first request."""
    global _recorder
    directory = Path(settings.AUDIT_JOURNAL_DIR)
    _recorder = Recorder(
        directory,
        max_bytes=settings.AUDIT_JOURNAL_MAX_MB << 20,
        waits_for_commit=settings.AUDIT_DURABILITY == "database",
    )
    await _recorder.start()


async def close() -> None:
    """Make durable what was recorded, then leave the journal to the shipper."""
    global _recorder
    if _recorder is not None:
        recorder, _recorder = _recorder, None
        await recorder.close()


async def decided(record: DecisionRecord) -> None:
    """Before the first call. Refused also while the journals are at their bound."""
    await _running().decided(record)


async def intended(record: AttemptIntent) -> None:
    """Before a second or later call."""
    await _running().keep(record)


async def settled(record: OutcomeRecord) -> None:
    """Before the end of the answer."""
    await _running().keep(record)


def refused(record: RefusalRecord) -> None:
    """Not waited for; above 60 a minute a key's refusals are only counted."""
    _running().refused(record)


def _running() -> "Recorder":
    if _recorder is None:
        raise AuditUnavailableError("The record is not open.")
    return _recorder


class Recorder:
    """A process's journal, seen from its event loop."""

    def __init__(
        self, directory: Path, *, max_bytes: int, waits_for_commit: bool = False, files: Files | None = None
    ) -> None:
        self.directory = directory
        self.journal = Journal(directory, self._notify, max_bytes=max_bytes, files=files)
        self._waits_for_commit = waits_for_commit
        self._commits: Commits | None = None
        self._refusals: dict[int, Refusals] = {}

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self.directory.mkdir, parents=True, exist_ok=True)
        if self._waits_for_commit:
            self._commits = Commits(self.directory / f"{self.journal.writer_id.hex()}.shipped", self._loop)
        await asyncio.to_thread(self.journal.start)

    async def close(self) -> None:
        await asyncio.to_thread(self.journal.close)
        if self._commits is not None:
            self._commits.close()

    async def decided(self, record: DecisionRecord) -> None:
        if self.journal.is_full:
            raise AuditUnavailableError("The record has no room at the moment; nothing was sent on.")
        if self._commits is not None and self._commits.is_stalled:
            raise AuditUnavailableError("The database does not take the record at the moment; nothing was sent on.")
        await self.keep(record)

    async def keep(self, record: Record) -> None:
        waiter = self._loop.create_future()
        self.journal.append(record, waiter)
        await waiter

    def refused(self, record: RefusalRecord) -> None:
        refusals = self._refusals.get(record.key_id, Refusals(minute=-1, recorded=0, counted=0))
        if refusals.minute != (minute := int(record.created_at // 60)):
            refusals = Refusals(minute, 0, refusals.counted)
        if refusals.recorded < REFUSALS_A_MINUTE and self.journal.is_available and not self.journal.is_full:
            record.unrecorded_before = refusals.counted
            self.journal.append(record, None)
            self._refusals[record.key_id] = Refusals(minute, refusals.recorded + 1, 0)
        else:
            self._refusals[record.key_id] = refusals._replace(counted=refusals.counted + 1)

    def _notify(self, group: list[Entry], error: AuditUnavailableError | None) -> None:
        try:
            self._loop.call_soon_threadsafe(self._wake, group, error)
        except RuntimeError:
            logger.warning("The event loop ended before %d records were acknowledged", len(group))

    def _wake(self, group: list[Entry], error: AuditUnavailableError | None) -> None:
        for entry in group:
            if entry.waiter is None or entry.waiter.done():
                continue
            if error is not None:
                entry.waiter.set_exception(error)
            elif self._commits is not None:
                self._commits.wait(entry.sequence, entry.waiter)
            else:
                entry.waiter.set_result(None)


class Refusals(NamedTuple):
    minute: int
    recorded: int
    counted: int  # not recorded since the last one that was


class Waiting(NamedTuple):
    sequence: int
    since: float
    waiter: asyncio.Future[None]


class Commits:
    """Wakes who waits for the database, by the sequence that the shipper leaves in a small file after its commit."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._loop = loop
        self._waiting: deque[Waiting] = deque()
        self._shipped = 0
        self._poll_handle: asyncio.TimerHandle | None = None
        self.is_stalled = False

    def wait(self, sequence: int, waiter: asyncio.Future[None]) -> None:
        self._waiting.append(Waiting(sequence, time.monotonic(), waiter))
        self._poll_later()

    def close(self) -> None:
        if self._poll_handle is not None:
            self._poll_handle.cancel()
        os.close(self._descriptor)

    def _poll_later(self) -> None:
        if self._poll_handle is None and (self._waiting or self.is_stalled):
            self._poll_handle = self._loop.call_later(COMMIT_POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        self._poll_handle = None
        shipped = int.from_bytes(os.pread(self._descriptor, 8, 0), "little")
        if shipped > self._shipped:
            self._shipped, self.is_stalled = shipped, False
        while self._waiting and self._waiting[0].sequence <= self._shipped:
            self._answer(self._waiting.popleft(), None)
        while self._waiting and time.monotonic() - self._waiting[0].since > COMMIT_TIMEOUT_SECONDS:
            self.is_stalled = True
            error = AuditUnavailableError("The database did not take the record in time.")
            self._answer(self._waiting.popleft(), error)
        self._poll_later()

    def _answer(self, waiting: Waiting, error: AuditUnavailableError | None) -> None:
        if waiting.waiter.done():
            return
        if error is None:
            waiting.waiter.set_result(None)
        else:
            waiting.waiter.set_exception(error)
