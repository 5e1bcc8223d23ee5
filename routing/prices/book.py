"""Every known price at every moment, frozen, for a process to keep in memory."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import inf

from routing.engine.types import Price
from routing.models.prices import PARTS, ModelPrice, without_date

EVERY_MODEL = "*"
REMEMBERED_MODELS = 1_000
Key = tuple[str, str]  # provider, model
Found = tuple[Price, int] | None


@dataclass(frozen=True, slots=True)
class DatedPrice:
    price: Price
    price_id: int
    valid_from: datetime
    valid_until: datetime | None

    def holds(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class PriceBook:
    """Every known price, newest first. What is not in it is unknown, never free."""

    prices: Mapping[Key, tuple[DatedPrice, ...]] = field(default_factory=dict)
    _found: dict[Key, tuple[DatedPrice, ...]] = field(default_factory=dict, repr=False, compare=False)
    _now: dict[Key, tuple[Found, float]] = field(default_factory=dict, repr=False, compare=False)

    def find(self, provider_name: str, model: str, at: datetime | None = None) -> Found:
        """The price and its row's id: of the model, of its name without the date at the end, or of every model."""
        key = (provider_name, model)
        if at is not None:
            return self._at(at, key)
        found, until = self._now.get(key) or (None, 0.0)
        return found if time.time() < until else self._at_this_moment(key)

    def _at(self, moment: datetime, key: Key) -> Found:
        for dated in self._found.get(key) or self._look(key):
            if dated.holds(moment):
                return dated.price, dated.price_id
        return None

    def _at_this_moment(self, key: Key) -> Found:
        """Remembered until one of the model's prices begins or ends: each request asks several times."""
        now = datetime.fromtimestamp(time.time(), UTC)
        found = self._at(now, key)
        changes = [moment for dated in self._look(key) for moment in (dated.valid_from, dated.valid_until) if moment]
        until = min((moment.timestamp() for moment in changes if moment > now), default=inf)
        if len(self._now) < REMEMBERED_MODELS:
            self._now[key] = found, until
        return found

    def _look(self, key: Key) -> tuple[DatedPrice, ...]:
        """Every price of the model, the closest name first."""
        provider_name, model = key
        names = dict.fromkeys((model, without_date(model), EVERY_MODEL))
        found = tuple(dated for name in names for dated in self.prices.get((provider_name, name), ()))
        if len(self._found) < REMEMBERED_MODELS:
            self._found[key] = found
        return found


def book_of(rows: Iterable[ModelPrice]) -> PriceBook:
    prices: dict[Key, tuple[DatedPrice, ...]] = {}
    for row in rows:
        dated = DatedPrice(price_of(row), row.pk, row.valid_from, row.valid_until)
        key = (row.provider_name, row.model)
        prices[key] = (*prices.get(key, ()), dated)
    return PriceBook(prices)


def price_of(row: ModelPrice) -> Price:
    price = {f"{part}_per_mtok": getattr(row, f"{part}_per_mtok") for part in PARTS}
    if row.above_input_tokens is None:
        return Price(**price, per_hour=row.per_hour)
    above = Price(**{f"{part}_per_mtok": getattr(row, f"above_{part}_per_mtok") for part in PARTS})
    return Price(**price, above_input_tokens=row.above_input_tokens, above=above, per_hour=row.per_hour)
