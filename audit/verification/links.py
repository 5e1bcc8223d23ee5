"""Every record of the tables with its code, by writer in the order of its sequence, in bounded memory."""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

from audit import contents
from audit.contents import DECISION, INTENT, OUTCOME, REFUSAL, AttemptRow, Shape
from audit.models import Attempt

READ_AT_ONCE = 500


class Link(NamedTuple):
    writer_id: int
    sequence: int
    mac: bytes
    content: bytes
    what: str


class Row(NamedTuple):
    writer_id: int
    sequence: int
    mac: bytes
    shape: Shape
    values: tuple[Any, ...]

    @property
    def decision_id(self) -> UUID | None:
        return self.values[0] if self.shape in (DECISION, OUTCOME) else None


def links(bounds: dict[int, tuple[int, int]] | None) -> Iterator[Link]:
    """`bounds` are the first and last sequence wanted of each writer; None is everything."""
    ordered = heapq.merge(*(_rows(shape, bounds) for shape in (DECISION, INTENT, OUTCOME, REFUSAL)), key=ORDER)
    while rows := list(islice(ordered, READ_AT_ONCE)):
        attempts = _attempts_of([row.decision_id for row in rows if row.decision_id is not None])
        for row in rows:
            own = attempts.get(row.decision_id, []) if row.decision_id else []
            content = contents.of_row(row.shape, row.values, own)
            what = f"{row.shape.model._meta.verbose_name} {row.values[0]}"
            yield Link(row.writer_id, row.sequence, bytes(row.mac), content, what)


ORDER = itemgetter(0, 1)


def _rows(shape: Shape, bounds: dict[int, tuple[int, int]] | None) -> Iterator[Row]:
    rows = shape.model._default_manager.filter(sequence__isnull=False).order_by("writer_id", "sequence")
    if bounds is not None:
        rows = rows.filter(writer_id__in=list(bounds))
    named = rows.values_list("writer_id", "sequence", "mac", *shape.columns)
    for writer_id, sequence, mac, *values in named.iterator(chunk_size=READ_AT_ONCE):
        if bounds is None or bounds[writer_id][0] <= sequence <= bounds[writer_id][1]:
            yield Row(writer_id, sequence, mac, shape, tuple(values))


def _attempts_of(decisions: list[UUID]) -> dict[UUID, list[AttemptRow]]:
    found: dict[UUID, list[AttemptRow]] = defaultdict(list)
    rows = Attempt.objects.filter(decision_id__in=decisions).order_by()
    for values in rows.values_list("decision_id", *AttemptRow.COLUMNS).iterator(chunk_size=READ_AT_ONCE):
        found[values[0]].append(AttemptRow(values[1:]))
    return found
