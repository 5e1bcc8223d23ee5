"""The prices that calls were charged by, as they stand in the rows that the record names."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from audit.models import Attempt
from routing.models import ModelPrice
from routing.models.prices import PARTS


@dataclass(frozen=True, slots=True)
class Charged:
    """USD per million tokens, in the order of `PARTS`; `above` is the limit of input tokens that was passed."""

    model: str
    amounts: tuple[Decimal, ...]
    above: int | None
    per_hour: Decimal
    since: datetime


def charged(attempts: Iterable[Attempt]) -> list[Charged]:
    """Each price once, in the order of the calls."""
    priced = [attempt for attempt in attempts if attempt.price_id is not None]
    rows = ModelPrice.objects.in_bulk([attempt.price_id for attempt in priced])
    found = [of_row(rows[attempt.price_id], attempt) for attempt in priced if attempt.price_id in rows]
    return list(dict.fromkeys(found))


def of_row(row: ModelPrice, attempt: Attempt) -> Charged:
    sent = (
        attempt.fresh_input_tokens
        + attempt.cache_read_input_tokens
        + attempt.cache_write_5m_input_tokens
        + attempt.cache_write_1h_input_tokens
    )
    above = row.above_input_tokens if row.above_input_tokens is not None and sent > row.above_input_tokens else None
    prefix = "" if above is None else "above_"
    amounts = tuple(getattr(row, f"{prefix}{part}_per_mtok") for part in PARTS)
    return Charged(row.model, amounts, above, row.per_hour, row.valid_from)
