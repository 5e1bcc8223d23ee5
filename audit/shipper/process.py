"""The shipper's process: one per host, from start to drained."""

import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import Error, connection

from audit.journal.files import Files
from audit.shipper.shipping import ConcurrentShippingError, Shipper
from audit.shipper.sweeper import sweep, sweep_overdue

logger = logging.getLogger(__name__)

PAUSE_SECONDS = {"journal": 0.25, "database": 0.004}  # where nothing came
GATHER_SECONDS = {"journal": 0.25, "database": 0.0}  # where little came: a commit costs as much as many records
LOCK_PAUSE_SECONDS = 0.5
DISCOVER_SECONDS = 0.25
SWEEP_SECONDS = 60.0
SWEEP_OVERDUE_SECONDS = 600.0
BACK_OFF_SECONDS = (0.5, 1.0, 2.0, 5.0)
DRAIN_SECONDS = 20.0


def main() -> None:
    """Ship until asked to end, then drain what is there."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    directory = Path(settings.AUDIT_JOURNAL_DIR)
    directory.mkdir(0o700, parents=True, exist_ok=True)
    with only_one(directory, stop) as is_ours:
        if is_ours:
            durability = settings.AUDIT_DURABILITY
            Loop(Shipper(directory), PAUSE_SECONDS[durability], GATHER_SECONDS[durability]).run(stop)


@contextmanager
def only_one(directory: Path, stop: threading.Event) -> Iterator[bool]:
    """Wait until no other shipper of this host runs; False when asked to end before."""
    files, descriptor = Files(), None
    while descriptor is None and not stop.is_set():
        try:
            descriptor = files.lock(directory / "shipper.lock")
        except BlockingIOError:
            stop.wait(LOCK_PAUSE_SECONDS)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            files.close(descriptor)


class Loop:
    """Ships as records come; waits while database or disk fail; keeps house now and then."""

    def __init__(self, shipper: Shipper, pause_seconds: float, gather_seconds: float = 0.0) -> None:
        self._shipper = shipper
        self._pause_seconds = pause_seconds
        self._gather_seconds = gather_seconds
        self._discovered_at = self._swept_at = self._swept_overdue_at = float("-inf")
        self._failures = 0

    def run(self, stop: threading.Event) -> None:
        while not stop.is_set():
            moved = self.turn()
            if not moved:
                stop.wait(self._pause())
            elif moved < self._shipper.batch_records and self._gather_seconds:
                stop.wait(self._gather_seconds)
        self._drain()

    def turn(self) -> int:
        """One round; the number of records moved, 0 also when database or disk fail."""
        try:
            self._keep_house()
            moved = self._shipper.ship()
        except ConcurrentShippingError as exc:
            logger.error("%s", exc)
            self._shipper.forget()
            return 0
        except (Error, OSError) as exc:
            self._failed(exc)
            return 0
        if self._failures:
            logger.warning("Records are shipped again")
        self._failures = 0
        return moved

    def _pause(self) -> float:
        if not self._failures:
            return self._pause_seconds
        return BACK_OFF_SECONDS[min(self._failures, len(BACK_OFF_SECONDS)) - 1]

    def _keep_house(self) -> None:
        now = time.monotonic()
        if now - self._discovered_at >= DISCOVER_SECONDS:
            self._discovered_at = now
            self._shipper.discover()
            if self._shipper.retire():
                self._swept_at = float("-inf")
        if now - self._swept_at >= SWEEP_SECONDS:
            self._shipper.mark_seen()
            sweep()
            self._swept_at = now
        if now - self._swept_overdue_at >= SWEEP_OVERDUE_SECONDS:
            sweep_overdue()
            self._swept_overdue_at = now

    def _failed(self, exc: Exception) -> None:
        if not self._failures:
            logger.error("Records cannot be shipped and wait in the journals: %s", exc)
        self._failures += 1
        connection.close()

    def _drain(self) -> None:
        """Ship what is there, and let go of what is complete; the database gets a bounded time for it."""
        deadline = time.monotonic() + DRAIN_SECONDS
        idle_turns = 0
        while idle_turns < 2:  # the second one finds the files complete that the first one emptied
            if time.monotonic() > deadline:
                logger.error("Not all records were shipped in time; they stay in the journals")
                return
            self._discovered_at = float("-inf")
            idle_turns = 0 if self.turn() or self._failures else idle_turns + 1
            time.sleep(self._pause() if self._failures else 0)
