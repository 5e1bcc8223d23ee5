"""Recorded decisions with what came of them, read in order and never as a whole."""

from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from audit.ids import END, FIRST
from audit.models import RoutingDecision
from audit.models.querysets import RoutingDecisionQuerySet

CHUNK = 2_000
OUTCOME = "ended__"


class Row(NamedTuple):
    """One decision; what comes of its outcome is None while it has none."""

    id: UUID
    team_id: int
    key_id: int
    policy_version: int
    team_name: str
    key_name: str
    requested_model: str
    requested_provider: str
    phase: str
    band: str
    tier: str
    provider_name: str
    model: str
    classifier_tier: str
    classifier_state: str
    features: bytes
    status: str | None
    error_type: str | None
    served_tier: str | None
    served_provider: str | None
    served_model: str | None
    cost: Decimal | None
    classifier_cost: Decimal | None
    duration: float | None
    fresh_input_tokens: int | None
    cache_read_input_tokens: int | None
    cache_write_5m_input_tokens: int | None
    cache_write_1h_input_tokens: int | None
    output_tokens: int | None


FIRST_OF_OUTCOME = Row._fields.index("status")
COLUMNS = tuple(name if place < FIRST_OF_OUTCOME else OUTCOME + name for place, name in enumerate(Row._fields))


def chunks(first: UUID, end: UUID) -> Iterator[list[Row]]:
    """From `first` up to but without `end`. Each chunk is a query of its own: no transaction stays open."""
    while True:
        chunk = _read(RoutingDecision.objects.between(first, end).order_by("id"), CHUNK)
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        first = UUID(int=chunk[-1].id.int + 1)


def newest(limit: int, step: int) -> Iterator[list[Row]]:
    """The newest ones, newest first."""
    end = END
    for _ in range(0, limit, step):
        chunk = _read(RoutingDecision.objects.between(FIRST, end).order_by("-id"), step)
        if chunk:
            yield chunk
        if len(chunk) < step:
            return
        end = chunk[-1].id


def _read(found: RoutingDecisionQuerySet, most: int) -> list[Row]:
    return [Row._make(values) for values in found.values_list(*COLUMNS)[:most]]
