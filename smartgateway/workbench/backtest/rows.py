"""Recorded decisions with what came of them, read in order and never as a whole."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from audit.models import RoutingDecision

CHUNK = 2_000
OUTCOME = "outcome__"


class Row(NamedTuple):
    """One decision; what comes of its outcome is None while it has none."""

    id: UUID
    team_id: int
    key_id: int
    policy_version: int
    team_name: str
    key_name: str
    session_id: str
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
    conditions: dict[str, Any] = {"id__gte": first}
    while True:
        found = RoutingDecision.objects.filter(id__lt=end, **conditions).order_by("id")
        chunk = [Row._make(values) for values in found.values_list(*COLUMNS)[:CHUNK]]
        if chunk:
            yield chunk
        if len(chunk) < CHUNK:
            return
        conditions = {"id__gt": chunk[-1].id}


def newest(limit: int, step: int) -> Iterator[list[Row]]:
    """The newest ones, newest first."""
    found = RoutingDecision.objects.order_by("-id")
    before: dict[str, Any] = {}
    for _ in range(0, limit, step):
        chunk = [Row._make(values) for values in found.filter(**before).values_list(*COLUMNS)[:step]]
        if chunk:
            yield chunk
        if len(chunk) < step:
            return
        before = {"id__lt": chunk[-1].id}
