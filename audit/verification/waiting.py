"""What is not in the tables: records that wait in the journals of this host, and what was kept aside."""

from collections.abc import Iterator
from pathlib import Path

from audit.journal.journal_file import JournalFile
from audit.journal.reader import journals_in
from audit.models import Writer
from audit.records import JournalHead
from audit.verification.findings import Trouble

READ_LIMIT = 1000


def waiting_in(directory: Path) -> int:
    """Records in the journals of this host that are not in the database."""
    committed = {writer.uuid.hex: writer.sequence for writer in Writer.objects.all()}
    return sum(
        1
        for writer_hex, names in journals_in(directory).items()
        for sequence in _sequences_in([directory / name for name in names])
        if sequence > committed.get(writer_hex, 0)
    )


def _sequences_in(paths: list[Path]) -> Iterator[int]:
    for path in paths:
        try:
            journal = JournalFile(path)
        except FileNotFoundError:  # shipped meanwhile
            continue
        while (reading := journal.read(READ_LIMIT)).end > journal.offset:
            yield from (sequence for sequence, record in reading.entries if not isinstance(record, JournalHead))
            journal.offset = reading.end
        journal.close()


def kept_aside(directory: Path) -> Iterator[Trouble]:
    for kind in ("corrupt", "rejected"):
        for path in sorted(directory.glob(f"*.{kind}")):
            yield Trouble(kind, path.name, f"{path.stat().st_size} bytes that are in no table")
