"""Proves the record: every sequence of every writer is there once, and decisions, attempts and outcomes fit."""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from audit.journal.reader import JournalFile, journals_in
from audit.models import Attempt, Outcome, Refusal, RoutingDecision, Writer
from audit.records import JournalHead

LISTED_PER_KIND = 100
READ_LIMIT = 1000
NOTHING_VOIDED: list[list[int]] = []


class Trouble(NamedTuple):
    kind: str
    where: str
    detail: str


class Findings:
    """Every trouble counted, the first of each kind listed."""

    def __init__(self) -> None:
        self.counts: dict[str, int] = {}
        self.troubles: list[Trouble] = []
        self.found: Counter[str] = Counter()

    @property
    def is_clean(self) -> bool:
        return not self.found

    def add(self, troubles: Iterable[Trouble]) -> None:
        for trouble in troubles:
            self.found[trouble.kind] += 1
            if self.found[trouble.kind] <= LISTED_PER_KIND:
                self.troubles.append(trouble)


def verify(directory: Path) -> Findings:
    """Check the tables, and look at what still waits in the journals of this host."""
    findings = Findings()
    writers = {writer.pk: writer for writer in Writer.objects.all()}  # before the rows: these only grow
    findings.add(_sequence_troubles(writers))
    findings.add(_unmatched())
    findings.add(_kept_aside(directory))
    tables: tuple[type[Model], ...] = (Writer, RoutingDecision, Attempt, Outcome, Refusal)
    findings.counts = {
        **{f"{model._meta.model_name}s": model._default_manager.count() for model in tables},
        "open": _without_outcome().exclude(_is_given_up()).count(),
        "waiting": waiting_in(directory),
    }
    return findings


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


def _sequence_troubles(writers: dict[int, Writer]) -> Iterator[Trouble]:
    seen = set()
    for writer_id, rows in groupby(_sequences(), key=itemgetter(0)):
        seen.add(writer_id)
        writer = writers.get(writer_id)
        if writer is None and not Writer.objects.filter(pk=writer_id).exists():
            yield Trouble("missing_writer", f"writer {writer_id}", f"{sum(1 for _ in rows)} records, no writer")
        elif writer is not None:
            yield from _of_writer(writer, (sequence for _, sequence in rows))
    for writer_id in writers.keys() - seen:
        yield from _of_writer(writers[writer_id], iter(()))


def _sequences() -> Iterator[tuple[int, int]]:
    """(writer, sequence) of all rows in order, streamed."""
    numbered: list[QuerySet[Any, Any]] = [
        model._default_manager.filter(sequence__isnull=False).order_by().values_list("writer_id", "sequence")
        for model in (RoutingDecision, Attempt, Outcome, Refusal)
    ]
    return numbered[0].union(*numbered[1:], all=True).order_by("writer_id", "sequence").iterator(chunk_size=5000)


def _of_writer(writer: Writer, sequences: Iterator[int]) -> Iterator[Trouble]:
    where = f"writer {writer.pk} ({writer})"
    last = 0
    for sequence in sequences:
        if sequence == last:
            yield Trouble("double", where, f"sequence {sequence} is there more than once")
        yield from (Trouble("gap", where, span) for span in _missing(last + 1, sequence - 1, writer.voided))
        last = sequence
    yield from (Trouble("cut_tail", where, span) for span in _missing(last + 1, writer.sequence, writer.voided))


def _missing(first: int, last: int, voided: list[list[int]]) -> Iterator[str]:
    """What lacks from `first` to `last`, without what the writer itself had to give up."""
    for start, end in [*sorted(span for span in voided if span[0] <= last and span[1] >= first), [last + 1, last + 1]]:
        if first < start:
            yield f"sequence {first}" if first == start - 1 else f"sequences {first} to {start - 1}"
        first = max(first, end + 1)


def _unmatched() -> Iterator[Trouble]:
    has_decision = Exists(RoutingDecision.objects.filter(pk=OuterRef("decision_id")))
    rows = {
        "no_outcome": _without_outcome().filter(_is_given_up()),
        "outcome_without_decision": Outcome.objects.exclude(has_decision),
        "attempt_without_decision": Attempt.objects.exclude(has_decision),
        "attempt_left_open": Attempt.objects.filter(duration=None, error_type="", decision__outcome__isnull=False),
        "attempt_without_intent": Attempt.objects.filter(number__gt=1, sequence=None),
    }
    for kind, found in rows.items():
        for key in found.order_by().values_list("pk", flat=True).iterator():
            yield Trouble(kind, str(key), kind.replace("_", " "))


def _without_outcome() -> QuerySet[RoutingDecision]:
    return RoutingDecision.objects.filter(outcome=None)


def _is_given_up() -> Q:
    """Of writers that were swept or are unknown: nobody else is going to close these."""
    return Q(writer__swept_at__isnull=False) | Q(~Exists(Writer.objects.filter(pk=OuterRef("writer_id"))))


def _kept_aside(directory: Path) -> Iterator[Trouble]:
    for kind in ("corrupt", "rejected"):
        for path in sorted(directory.glob(f"*.{kind}")):
            yield Trouble(kind, path.name, f"{path.stat().st_size} bytes that are in no table")
