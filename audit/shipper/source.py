"""A writer as the shipper sees it."""

import time
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from django.utils import timezone

from audit import chain
from audit.journal.journal_file import Reading
from audit.journal.reader import WriterJournals
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
        self.head = b""
        self._writer: Writer | None = None

    @property
    def pk(self) -> int:
        return self.writer.pk

    @property
    def writer(self) -> Writer:
        """Its row, which is there once anything was read."""
        assert self._writer is not None
        return self._writer

    def seal(self, sequence: int, head: bytes) -> bytes:
        writer = self.writer
        return chain.seal(writer.uuid, sequence, head, writer.voided, writer.follows)

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
        self._writer = writer = _writer_of(head)
        self.writer_id, self.committed = writer.pk, writer.sequence
        self.head = bytes(writer.head) or chain.start(writer.uuid)
        voided = [list(span) for span in head.voided]
        if missing := [span for span in voided if span not in writer.voided]:
            writer.voided = [*writer.voided, *missing]
            writer.seal = self.seal(self.committed, self.head)
            writer.save(update_fields=["voided", "seal"])
        self.journals.confirm(self.committed)


def _writer_of(head: JournalHead) -> Writer:
    """Its row; a new one says which writer was the newest until now."""
    uuid = UUID(bytes=head.writer_id)
    if found := Writer.objects.filter(uuid=uuid).first():
        return found
    newest = Writer.objects.filter(is_synthetic=False).order_by("-pk").first()
    first, follows = chain.start(uuid), newest.pk if newest else None
    return Writer.objects.create(
        uuid=uuid,
        host=head.host,
        pid=head.pid,
        started_at=datetime.fromtimestamp(head.started_at, UTC),
        seen_at=timezone.now(),
        head=first,
        follows=follows,
        seal=chain.seal(uuid, 0, first, [], follows),
    )
