"""Where an acknowledgement means the database: waiting until the shipper has committed."""

import asyncio
import os
import time
from collections import deque
from pathlib import Path
from typing import NamedTuple

from audit.journal.errors import AuditUnavailableError

POLL_SECONDS = 0.002
TIMEOUT_SECONDS = 10.0


class Waiting(NamedTuple):
    sequence: int
    since: float
    waiter: asyncio.Future[None]


class Commits:
    """Wakes who waits for the database, by the sequence that the shipper leaves in a small file after its commit."""

    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        self._descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        os.pwrite(self._descriptor, bytes(8), 0)  # its room is taken now: a full disk cannot stop the shipper later
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
        while self._waiting:
            error = AuditUnavailableError("The process ends before the database took the record.", is_kept=True)
            self._answer(self._waiting.popleft(), error)
        os.close(self._descriptor)

    def _poll_later(self) -> None:
        if self._poll_handle is None and (self._waiting or self.is_stalled):
            self._poll_handle = self._loop.call_later(POLL_SECONDS, self._poll)

    def _poll(self) -> None:
        self._poll_handle = None
        shipped = int.from_bytes(os.pread(self._descriptor, 8, 0), "little")
        if shipped > self._shipped:
            self._shipped, self.is_stalled = shipped, False
        while self._waiting and self._waiting[0].sequence <= self._shipped:
            self._answer(self._waiting.popleft(), None)
        while self._waiting and time.monotonic() - self._waiting[0].since > TIMEOUT_SECONDS:
            self.is_stalled = True
            error = AuditUnavailableError("The database did not take the record in time.", is_kept=True)
            self._answer(self._waiting.popleft(), error)
        self._poll_later()

    def _answer(self, waiting: Waiting, error: AuditUnavailableError | None) -> None:
        if waiting.waiter.done():
            return
        if error is None:
            waiting.waiter.set_result(None)
        else:
            waiting.waiter.set_exception(error)
