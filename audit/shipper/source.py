"""A writer as the shipper sees it."""

import time
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from audit.journal.reader import Reading, WriterJournals
from audit.models import Writer
from audit.records import JournalHead, Record


class Parcel(NamedTuple):
    """What one writer's current file gave in this round."""

    source: "Source"
    reading: Reading
    records: list[tuple[int, Record]]


class Source:
    """A writer: its journals here, and how far it is committed."""

    def __init__(self, journals: WriterJournals) -> None:
        self.journals = journals
        self.writer_id: int | None = None
        self.committed = 0

    @property
    def pk(self) -> int:
        """Of its row, which is there once anything was read."""
        assert self.writer_id is not None
        return self.writer_id

    def read(self, limit: int) -> Parcel:
        assert self.journals.current is not None
        reading = self.journals.current.read(limit)
        records: list[tuple[int, Record]] = []
        for sequence, record in reading.entries:
            if isinstance(record, JournalHead):
                self._meet(record)
                continue
            if self.writer_id is None:
                self._meet(self._unknown())
            if sequence > self.committed:
                records.append((sequence, record))
        return Parcel(self, reading, records)

    def _unknown(self) -> JournalHead:
        """For a file whose head is damaged: its name still says whose it is."""
        writer_id = bytes.fromhex(self.journals.writer_hex)
        return JournalHead(writer_id, "", 0, time.time(), file_number=1, first_sequence=1, voided=[])

    def _meet(self, head: JournalHead) -> None:
        writer, _ = Writer.objects.get_or_create(
            uuid=UUID(bytes=head.writer_id),
            defaults={
                "host": head.host,
                "pid": head.pid,
                "started_at": datetime.fromtimestamp(head.started_at, UTC),
                "seen_at": timezone.now(),
            },
        )
        voided = [list(span) for span in head.voided]
        if missing := [span for span in voided if span not in writer.voided]:
            writer.voided = [*writer.voided, *missing]
            writer.save(update_fields=["voided"])
        self.writer_id, self.committed = writer.pk, writer.sequence
        self.journals.confirm(self.committed)
