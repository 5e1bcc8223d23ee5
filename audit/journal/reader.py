"""Journals as the shipper reads them: also while they are written, and after their writer died."""

import fcntl
import os
import re
from pathlib import Path

from audit.journal.files import Files
from audit.journal.journal_file import JournalFile

NAME = re.compile(r"[0-9a-f]{32}\.\d{6}\.journal")


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
