"""Records on their way into the tables, each row written once."""

import msgspec

from audit.models import Attempt, Outcome, PromptText, Refusal, RoutingDecision
from audit.records import AttemptIntent, AttemptRecord, DecisionRecord, OutcomeRecord, Record, RefusalRecord
from audit.shipper.tables import Row, Table

DECISIONS = Table(RoutingDecision, DecisionRecord, on_conflict="", without=frozenset({"first_attempt", "text"}))
# An attempt that is still open gives way to its end, which knows everything but the intent's sequence.
ATTEMPTS = Table(Attempt, AttemptRecord, on_conflict="{table}.duration IS NULL AND excluded.duration IS NOT NULL")
# What the sweeper had to assume gives way to what the writer says.
OUTCOMES = Table(
    Outcome,
    OutcomeRecord,
    on_conflict="{table}.sequence IS NULL",
    renamed={"id": "decision_id"},
    without=frozenset({"attempts"}),
)
REFUSALS = Table(Refusal, RefusalRecord, on_conflict="")
DURATION, SEQUENCE, MAC = (ATTEMPTS.columns.index(name) for name in ("duration", "sequence", "mac"))


class Batch:
    """Rows of one transaction. An attempt whose intent and end are both here is one row."""

    def __init__(self) -> None:
        self._decisions: list[Row] = []
        self._attempts: dict[bytes, Row] = {}
        self._outcomes: dict[bytes, Row] = {}
        self._refusals: list[Row] = []
        self._texts: list[PromptText] = []

    def __len__(self) -> int:
        return len(self._decisions) + len(self._attempts) + len(self._outcomes) + len(self._refusals)

    def add(self, writer_id: int, sequence: int, record: Record, mac: bytes = b"") -> None:
        match record:
            case DecisionRecord():
                self._decisions.append(DECISIONS.row(writer_id, sequence, record, mac))
                if record.first_attempt is not None:
                    self._intend(writer_id, None, record.first_attempt)
                if record.text is not None:
                    self._texts.append(PromptText.of(record, record.text))
            case AttemptIntent():
                self._intend(writer_id, sequence, record, mac)
            case OutcomeRecord():
                self._outcomes.setdefault(record.id, OUTCOMES.row(writer_id, sequence, record, mac))
                for attempt in record.attempts:
                    self._end(writer_id, attempt)
            case RefusalRecord():
                self._refusals.append(REFUSALS.row(writer_id, sequence, record, mac))

    def save(self) -> None:
        for table, rows in self._tables():
            table.insert(rows)
        if self._texts:
            PromptText.objects.bulk_create(self._texts, ignore_conflicts=True)

    def _tables(self) -> list[tuple[Table, list[Row]]]:
        return [
            (DECISIONS, self._decisions),
            (ATTEMPTS, list(self._attempts.values())),
            (OUTCOMES, list(self._outcomes.values())),
            (REFUSALS, self._refusals),
        ]

    def _intend(self, writer_id: int, sequence: int | None, intent: AttemptIntent, mac: bytes = b"") -> None:
        row = ATTEMPTS.row(writer_id, sequence, _opened(intent), mac)
        row[DURATION] = None
        self._attempts[intent.id] = row

    def _end(self, writer_id: int, attempt: AttemptRecord) -> None:
        intended = self._attempts.get(attempt.id)
        row = ATTEMPTS.row(writer_id, None, attempt)
        if intended:
            row[SEQUENCE], row[MAC] = intended[SEQUENCE], intended[MAC]
        self._attempts[attempt.id] = row


def _opened(intent: AttemptIntent) -> AttemptRecord:
    return AttemptRecord(*msgspec.structs.astuple(intent))


def repaired(record: Record) -> Record:
    """The record as the database takes it."""
    match record:
        case DecisionRecord():
            record = DECISIONS.repaired(record)
            if record.first_attempt is not None:
                record.first_attempt = _repaired_intent(record.first_attempt)
            return record
        case AttemptIntent():
            return _repaired_intent(record)
        case OutcomeRecord():
            record = OUTCOMES.repaired(record)
            record.attempts = [ATTEMPTS.repaired(attempt) for attempt in record.attempts]
            return record
        case RefusalRecord():
            return REFUSALS.repaired(record)


def _repaired_intent(intent: AttemptIntent) -> AttemptIntent:
    whole = ATTEMPTS.repaired(_opened(intent))
    return AttemptIntent(*msgspec.structs.astuple(whole)[: len(intent.__struct_fields__)])
