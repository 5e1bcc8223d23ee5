"""Price rows to one frozen price book, kept in memory and refreshed beside the requests."""

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml
from django.db import DatabaseError
from django.db.models import Count, Max

from routing.engine.types import Price
from routing.models.prices import PARTS, ModelPrice

logger = logging.getLogger(__name__)
DEFAULTS = Path(__file__).parent / "defaults" / "prices.yaml"
EVERY_MODEL = "*"
REMEMBERED_MODELS = 1_000
DATE_AT_THE_END = re.compile(r"-\d{8}$")


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

    prices: Mapping[tuple[str, str], tuple[DatedPrice, ...]] = field(default_factory=dict)
    _found: dict[tuple[str, str], tuple[DatedPrice, ...]] = field(default_factory=dict, repr=False, compare=False)

    def find(self, provider_name: str, model: str, at: datetime | None = None) -> tuple[Price, int] | None:
        """The price and its row's id: of the model, of its name without the date at the end, or of every model."""
        at = at or datetime.now(UTC)
        key = (provider_name, model)
        for dated in self._found.get(key) or self._look(key):
            if dated.holds(at):
                return dated.price, dated.price_id
        return None

    def _look(self, key: tuple[str, str]) -> tuple[DatedPrice, ...]:
        """Every price of the model, the closest name first; remembered, because each request asks several times."""
        provider_name, model = key
        names = dict.fromkeys((model, re.sub(r"-\d{8}$", "", model), EVERY_MODEL))
        found = tuple(dated for name in names for dated in self.prices.get((provider_name, name), ()))
        if len(self._found) < REMEMBERED_MODELS:
            self._found[key] = found
        return found


_book: PriceBook | None = None
_fingerprint: object = None
_trouble = ""


def current() -> PriceBook:
    """The price book in memory. The first call reads the rows, and so belongs outside the event loop."""
    return _load() if _book is None else _book


def trouble() -> str:
    """Why the book in memory may be behind the rows; empty when it is not."""
    return _trouble


def refresh() -> bool:
    """Reads the rows again if they changed. True when a new book was loaded; keeps the old one if it cannot."""
    global _trouble
    try:
        is_new = _book is None or _fingerprint_of_rows() != _fingerprint
        if is_new:
            _load()
    except DatabaseError as exc:
        if not _trouble:
            logger.warning("The prices could not be read, those in memory stay in force: %s", exc)
        _trouble = "the prices could not be read"
        return False
    _trouble = ""
    return is_new


def _load() -> PriceBook:
    global _book, _fingerprint
    _fingerprint = _fingerprint_of_rows()
    _book = book_of(ModelPrice.objects.order_by("-valid_from"))
    return _book


def _fingerprint_of_rows() -> object:
    return ModelPrice.objects.aggregate(Count("id"), Max("id"), Max("updated_at"))


def book_of(rows: Iterable[ModelPrice]) -> PriceBook:
    prices: dict[tuple[str, str], tuple[DatedPrice, ...]] = {}
    for row in rows:
        dated = DatedPrice(price_of(row), row.pk, row.valid_from, row.valid_until)
        key = (row.provider_name, row.model)
        prices[key] = (*prices.get(key, ()), dated)
    return PriceBook(prices)


def price_of(row: ModelPrice) -> Price:
    price = {f"{part}_per_mtok": getattr(row, f"{part}_per_mtok") for part in PARTS}
    if row.above_input_tokens is None:
        return Price(**price)
    above = Price(**{f"{part}_per_mtok": getattr(row, f"above_{part}_per_mtok") for part in PARTS})
    return Price(**price, above_input_tokens=row.above_input_tokens, above=above)


def load_defaults() -> int:
    """Adds the shipped prices of models that have no row yet; an operator's rows stay. The number added."""
    shipped = yaml.safe_load(DEFAULTS.read_text())
    known = set(ModelPrice.objects.values_list("provider_name", "model"))
    rows = [
        _row(provider_name, model, {"from": shipped["from"], "source": shipped["source"], **entry})
        for provider_name in ("anthropic", "local")
        for model, entry in shipped[provider_name].items()
        if (provider_name, model) not in known
    ]
    ModelPrice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row(provider_name: str, model: str, entry: Mapping[str, Any]) -> ModelPrice:
    prices = {f"{part}_per_mtok": Decimal(text) for part, text in zip(PARTS, entry["prices"], strict=True)}
    if "above" in entry:
        prices |= {f"above_{part}_per_mtok": Decimal(text) for part, text in zip(PARTS, entry["above"], strict=True)}
    return ModelPrice(
        provider_name=provider_name,
        model=model,
        above_input_tokens=entry.get("above_input_tokens"),
        valid_from=_start(entry["from"]),
        source=entry["source"],
        **prices,
    )


def _start(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)
