"""What the chain proves of a record: its values, the same bytes whether read from a journal or from the tables.

A value that equals its column's own emptiness is left out, so that a column added later changes nothing before it.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import modf
from operator import itemgetter
from typing import Any
from uuid import UUID

import msgspec
from django.db import models

from audit.models import Attempt, Outcome, Refusal, RoutingDecision
from audit.records import AttemptIntent, AttemptRecord, DecisionRecord, OutcomeRecord, Record, RefusalRecord

EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=UTC), timedelta(microseconds=1)
MONEY_PLACES = 10
pack = msgspec.msgpack.Encoder().encode
pack_json = msgspec.json.Encoder().encode
Convert = Callable[[Any], Any]


class Shape:
    """The columns of one kind of record, and how their values are written down."""

    def __init__(self, model: type[models.Model], record: type[msgspec.Struct], **changed: str | None) -> None:
        """`changed` names a record's field as its column, or leaves it out with None."""
        columns = [changed.get(name, name) for name in record.__struct_fields__]
        kept = [(index, column) for index, column in enumerate(columns) if column is not None]
        fields = {field.column: field for field in model._meta.concrete_fields}
        self.model = model
        self.columns = [column for _, column in kept]
        self._from_record = _plan(((index, fields[column]) for index, column in kept), FROM_RECORD)
        self._from_row = _plan(((place, fields[column]) for place, (_, column) in enumerate(kept)), FROM_ROW)

    def of_record(self, record: msgspec.Struct) -> bytes:
        return _written(self._from_record, msgspec.structs.astuple(record))

    def of_row(self, values: Sequence[Any]) -> bytes:
        """Of values in the order of `columns`."""
        return _written(self._from_row, values)


Plan = list[tuple[str, int, Convert | None, bool]]  # column, where its value stands, conversion, whether it may be null


def _plan(places: "Iterable[tuple[int, models.Field[Any, Any]]]", conversions: dict[str, Convert]) -> Plan:
    plan = [(field.get_attname(), place, conversions.get(kind_of(field)), field.null) for place, field in places]
    return sorted(plan, key=itemgetter(0))


def kind_of(field: "models.Field[Any, Any]") -> str:
    """Of a relation, what it points to."""
    return (field.target_field if isinstance(field, models.ForeignKey) else field).get_internal_type()


def _written(plan: Plan, values: Sequence[Any]) -> bytes:
    written: list[Any] = []
    for column, place, convert, may_be_null in plan:
        value = values[place]
        if value or (may_be_null and value is not None):
            written += (column, convert(value) if convert else value)
    return pack(written)


def moment(seconds: float) -> int:
    """Microseconds since 1970, rounded as the tables round."""
    fraction, whole = modf(seconds)
    return int(whole) * 1_000_000 + round(fraction * 1e6)


def tenth_nanodollars(amount: str | Decimal) -> int:
    """The smallest unit of the tables' money."""
    whole, _, places = str(amount).partition(".")
    if len(places) <= MONEY_PLACES and whole.removeprefix("-").isdecimal() and (places.isdecimal() or not places):
        return int(whole + places.ljust(MONEY_PLACES, "0"))
    return int(Decimal(amount).scaleb(MONEY_PLACES).to_integral_value(ROUND_HALF_UP))


FROM_RECORD: dict[str, Convert] = {
    "DateTimeField": moment,
    "DecimalField": tenth_nanodollars,
    "FloatField": float,
    "JSONField": pack_json,
    "PackedJSONField": pack_json,
}
FROM_ROW: dict[str, Convert] = {
    "UUIDField": lambda value: value.bytes,
    "DateTimeField": lambda value: (value - EPOCH) // MICROSECOND,
    "DecimalField": tenth_nanodollars,
    "JSONField": pack_json,
    "PackedJSONField": pack_json,
    "BinaryField": bytes,
}

DECISION = Shape(RoutingDecision, DecisionRecord, first_attempt=None, text=None)
INTENT = Shape(Attempt, AttemptIntent)
ATTEMPT = Shape(Attempt, AttemptRecord)
OUTCOME = Shape(Outcome, OutcomeRecord, id="decision_id", attempts=None)
REFUSAL = Shape(Refusal, RefusalRecord)


def of_record(record: Record) -> bytes:
    """A decision holds its first intent; an outcome holds its attempts as they ended."""
    match record:
        case DecisionRecord():
            first = [INTENT.of_record(record.first_attempt)] if record.first_attempt else []
            return joined("decision", DECISION.of_record(record), first)
        case AttemptIntent():
            return joined("intent", INTENT.of_record(record))
        case OutcomeRecord():
            ends = sorted((each.number, each.id, ATTEMPT.of_record(each)) for each in record.attempts)
            return joined("outcome", OUTCOME.of_record(record), [content for _, _, content in ends])
        case RefusalRecord():
            return joined("refusal", REFUSAL.of_record(record))


def joined(kind: str, content: bytes, parts: Sequence[bytes] = ()) -> bytes:
    return pack([kind, content, *parts])


class AttemptRow:
    """An attempt as the tables hold it: in the order of `ATTEMPT.columns` with its sequence behind."""

    COLUMNS = (*ATTEMPT.columns, "sequence")
    _intent = itemgetter(*(ATTEMPT.columns.index(column) for column in INTENT.columns))
    _number, _ended = ATTEMPT.columns.index("number"), ATTEMPT.columns.index("duration")

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values[:-1]
        self.order: tuple[int, UUID] = (values[self._number], values[0])
        self.is_first = self.order[0] == 1 and values[-1] is None
        self.is_ended = values[self._ended] is not None

    def intent(self) -> bytes:
        return INTENT.of_row(self._intent(self.values))

    def end(self) -> bytes:
        return ATTEMPT.of_row(self.values)


def of_row(shape: Shape, values: Sequence[Any], attempts: Sequence[AttemptRow]) -> bytes:
    """The same bytes as `of_record`, from what the tables hold now."""
    ordered = sorted(attempts, key=lambda attempt: attempt.order)
    if shape is DECISION:
        return joined("decision", shape.of_row(values), [each.intent() for each in ordered if each.is_first])
    if shape is OUTCOME:
        return joined("outcome", shape.of_row(values), [each.end() for each in ordered if each.is_ended])
    return joined("intent" if shape is INTENT else "refusal", shape.of_row(values))
