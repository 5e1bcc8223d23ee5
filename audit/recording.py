"""The only door to the record. Each awaited call returns once its record is durable, or raises."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from audit.ids import new_id
from audit.journal import AuditUnavailableError, Commits, Entry, Files, Journal
from audit.records import AttemptIntent, DecisionRecord, OutcomeRecord, Record, RefusalRecord

__all__ = ["AuditUnavailableError", "close", "decided", "intended", "left", "new_id", "refused", "settled", "start"]

logger = logging.getLogger(__name__)

REFUSALS_A_MINUTE = 60
GATHER_SECONDS = 0.004  # between two syncs where many records come: they share one
FEW_OPEN = 4
COMPANY = 8  # records that must be coming in that time, or nobody waits
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
    await _running().settled(record)


def left(record: OutcomeRecord) -> None:
    """As `settled`, of a request whose error is on its way to the client: not waited for."""
    _running().left(record)


def refused(record: RefusalRecord) -> None:
    """Not waited for; above 60 a minute a key's refusals are only counted."""
    _running().refused(record)


def trouble() -> str:
    """Why requests are refused now; empty when they are not."""
    if _recorder is None:
        return "the record is not open"
    return _recorder.trouble()


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
        self.journal = Journal(directory, self._notify, max_bytes=max_bytes, files=files, soon=self._soon)
        self._waits_for_commit = waits_for_commit
        self._commits: Commits | None = None
        self._refusals: dict[int, Refusals] = {}
        self._open = 0  # decisions without their outcome
        self._handed_over_at = 0.0
        self._came_before = 0  # records, until the newest sync was asked for
        self._asked_at = 0.0

    async def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        await asyncio.to_thread(self.directory.mkdir, 0o700, parents=True, exist_ok=True)
        if self._waits_for_commit:
            self._commits = Commits(self.directory / f"{self.journal.writer_id.hex()}.shipped", self._loop)
        await asyncio.to_thread(self.journal.start)

    async def close(self) -> None:
        self.journal.hand_over()
        await asyncio.to_thread(self.journal.close)
        if self._commits is not None:
            self._commits.close()

    def trouble(self) -> str:
        if self.journal.is_full:
            return "the journals are full"
        if not self.journal.is_available:
            return "the journal cannot be written"
        return "the database does not take the record" if self._commits and self._commits.is_stalled else ""

    async def decided(self, record: DecisionRecord) -> None:
        if self.journal.is_full:
            raise AuditUnavailableError("The record has no room at the moment; nothing was sent on.")
        if self._commits is not None and self._commits.is_stalled:
            raise AuditUnavailableError("The database does not take the record at the moment; nothing was sent on.")
        self._open += 1
        try:
            await self.keep(record)
        except AuditUnavailableError as exc:
            if not exc.is_kept:
                self._open -= 1
            raise

    def left(self, record: OutcomeRecord) -> None:
        self._open -= 1
        self.journal.append(record, None)

    async def settled(self, record: OutcomeRecord) -> None:
        self._open -= 1
        await self.keep(record)

    async def keep(self, record: Record) -> None:
        acknowledged = Acknowledgement(loop=self._loop)
        self.journal.append(record, acknowledged)
        try:
            await acknowledged
        except asyncio.CancelledError:
            acknowledged.result()  # raises where nothing was kept
            raise

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

    def _soon(self, step: Callable[[], None]) -> None:
        """At once where few requests are open, or few records came lately: then nobody waits for company."""
        now, pause = self._loop.time(), 0.0
        came, since = self.journal.sequence - self._came_before, now - self._asked_at
        self._came_before, self._asked_at = self.journal.sequence, now
        if self._open > FEW_OPEN and came * GATHER_SECONDS >= COMPANY * since:
            pause = self._handed_over_at + GATHER_SECONDS - now
        if pause <= 0:
            self._handed_over_at = now
            self._loop.call_soon(step)
        else:
            self._handed_over_at = now + pause
            self._loop.call_later(pause, step)

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


class Acknowledgement(asyncio.Future[None]):
    """Not to be cancelled: who is, learns of it only once the record's fate is known, and owes what that demands."""

    def cancel(self, msg: object = None) -> bool:
        return False


class Refusals(NamedTuple):
    minute: int
    recorded: int
    counted: int  # not recorded since the last one that was
