"""One round of shipping: read what the journals have, commit it, move on."""

import logging
from decimal import InvalidOperation
from pathlib import Path

from django.db import DataError, IntegrityError, connection, transaction
from django.utils import timezone

from audit import chain, contents
from audit.journal.reader import WriterJournals, journals_in
from audit.models import Writer
from audit.records import Record
from audit.shipper.batch import Batch, repaired
from audit.shipper.source import Parcel, Source

logger = logging.getLogger(__name__)

BATCH_RECORDS = {"sqlite": 1000, "postgresql": 2000}  # a record is two rows at most
REFUSED = (DataError, IntegrityError, OverflowError, TypeError, ValueError, InvalidOperation)
SYNCED_COMMIT = """
    SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'
"""


class ConcurrentShippingError(Exception):
    """A writer's position moved meanwhile: by another process, or by a commit whose answer was lost."""


class Shipper:
    """The journals of one directory. Every record is committed once: its writer's position moves in the same commit."""

    def __init__(self, directory: Path, *, batch_records: int | None = None) -> None:
        self.directory = directory
        self.batch_records = batch_records or BATCH_RECORDS[connection.vendor]
        self._sources: dict[str, Source] = {}
        self._unretired: set[str] = set()

    def discover(self) -> None:
        for writer_hex, names in journals_in(self.directory).items():
            if writer_hex not in self._sources:
                self._sources[writer_hex] = Source(WriterJournals(self.directory, writer_hex))
            self._sources[writer_hex].journals.note(names)

    def ship(self) -> int:
        """Commit up to a batch of records; how many they were."""
        parcels, room = [], self.batch_records
        for writer_hex, source in list(self._sources.items()):
            if source.journals.current is not None and room > 0:
                parcel = source.read(room)
                parcels.append(parcel)
                room -= len(parcel.reading.entries)
                self._sources[writer_hex] = self._sources.pop(writer_hex)  # the others come first next time
        if count := sum(len(parcel.records) for parcel in parcels):
            heads = self._commit(parcels)
        else:
            heads = [parcel.source.head for parcel in parcels]
        for parcel, head in zip(parcels, heads, strict=True):
            self._move_on(parcel, head)
        return count

    def retire(self) -> list[int]:
        """Remove files that are complete and committed; the ids of writers that are gone with all theirs."""
        finished = []
        for writer_hex, source in list(self._sources.items()):
            try:
                while source.journals.current and source.journals.is_complete() and self._is_drained(source):
                    source.journals.next_file()
            except OSError as exc:
                self._retire_later(writer_hex, exc)
                continue
            if source.journals.current is None and source.journals.is_abandoned():
                finished += self._finish(writer_hex, source)
        return finished

    def _retire_later(self, writer_hex: str, exc: OSError) -> None:
        """The others are not to wait for it: shipping them may be what makes room on a full disk."""
        if writer_hex not in self._unretired:
            logger.error("A journal of %s is shipped but cannot be removed yet: %s", writer_hex, exc)
            self._unretired.add(writer_hex)

    def forget(self) -> None:
        """Read everything anew from the files and the database."""
        for source in self._sources.values():
            source.journals.close()
        self._sources = {}
        self.discover()

    def mark_seen(self) -> None:
        """Note that the writers here live, or that their journals are at least not lost."""
        known = [source.writer_id for source in self._sources.values() if source.writer_id is not None]
        Writer.objects.filter(pk__in=known).update(seen_at=timezone.now(), swept_at=None)

    def _is_drained(self, source: Source) -> bool:
        assert source.journals.current is not None
        reading = source.journals.current.read(1)
        return not reading.entries and not reading.unreadable

    def _finish(self, writer_hex: str, source: Source) -> list[int]:
        if names := journals_in(self.directory).get(writer_hex):
            source.journals.note(names)
            return []
        if source.writer_id is not None:
            Writer.objects.filter(pk=source.writer_id).update(finished_at=timezone.now(), swept_at=None)
        source.journals.remove()
        del self._sources[writer_hex]
        self._unretired.discard(writer_hex)
        return [] if source.writer_id is None else [source.writer_id]

    def _commit(self, parcels: list[Parcel]) -> list[bytes]:
        """The heads of the chains, in the order of the parcels."""
        try:
            return self._commit_at_once(parcels)
        except REFUSED as exc:
            logger.error("The database refuses a batch, its records are tried one by one: %s", exc)
            return self._commit_one_by_one(parcels)

    def _commit_at_once(self, parcels: list[Parcel]) -> list[bytes]:
        batch, heads = Batch(), []
        for parcel in parcels:
            head = parcel.source.head
            for sequence, record in parcel.records:
                head = chain.link(head, sequence, contents.of_record(record))
                batch.add(parcel.source.pk, sequence, record, head)
            heads.append(head)
        with transaction.atomic():
            self._advance(parcels, heads)
            batch.save()
        return heads

    def _commit_one_by_one(self, parcels: list[Parcel]) -> list[bytes]:
        heads = []
        with transaction.atomic():
            for parcel in parcels:
                head = parcel.source.head
                for sequence, record in parcel.records:
                    head = self._save_alone(parcel.source.pk, sequence, record, head)
                heads.append(head)
            self._advance(parcels, heads)
        return heads

    def _save_alone(self, writer_id: int, sequence: int, record: Record, head: bytes) -> bytes:
        """The chain's head after it; what is in no table is not in the chain."""
        for is_repaired in (False, True):
            try:
                with transaction.atomic():
                    kept = repaired(record) if is_repaired else record
                    linked = chain.link(head, sequence, contents.of_record(kept))
                    batch = Batch()
                    batch.add(writer_id, sequence, kept, linked)
                    batch.save()
            except REFUSED as exc:
                logger.error("Record %d of writer %d is refused by the database: %s", sequence, writer_id, exc)
            else:
                return linked
        self._keep_aside(writer_id, sequence, record)
        return head

    def _keep_aside(self, writer_id: int, sequence: int, record: Record) -> None:
        path = self.directory / f"{writer_id}.{sequence}.rejected"
        path.write_text(repr(record))
        logger.error("Record %d of writer %d is in no table: see %s", sequence, writer_id, path.name)

    def _advance(self, parcels: list[Parcel], heads: list[bytes]) -> None:
        """In the same transaction as the rows: what is committed is never shipped again."""
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute(SYNCED_COMMIT)
        for parcel, head in zip(parcels, heads, strict=True):
            if parcel.records:
                source, last = parcel.source, parcel.records[-1][0]
                expected = Writer.objects.filter(pk=source.pk, sequence=source.committed)
                if not expected.update(sequence=last, head=head, seal=source.seal(last, head)):
                    raise ConcurrentShippingError("The database is not where this shipper left it; reading anew.")

    def _move_on(self, parcel: Parcel, head: bytes) -> None:
        current = parcel.source.journals.current
        assert current is not None
        current.move_on(parcel.reading)
        if parcel.records:
            parcel.source.committed, parcel.source.head = parcel.records[-1][0], head
            parcel.source.journals.confirm(parcel.source.committed)
