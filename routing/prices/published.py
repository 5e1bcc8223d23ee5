"""Claude's prices as the data of the package `genai-prices` has them. It takes 25 MB: only a command imports this."""

from datetime import datetime
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from genai_prices.data import providers
from genai_prices.types import TieredPrices

from routing.models.prices import PARTS, ModelPrice

TABLE = f"genai-prices {version('genai-prices')}"
CLAUDE = next(provider for provider in providers if provider.id == "anthropic")
THEIR_NAMES = dict(
    zip(
        PARTS,
        ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok", "cache_write_1h_mtok"),
        strict=True,
    )
)


class UnreadablePriceError(Exception):
    """A price in a form that our rows cannot hold."""


def published(model: str, at: datetime) -> ModelPrice | None:
    """The model's price at that moment, as a row that is not saved; None where the table does not know it."""
    found = CLAUDE.find_model(model)
    if found is None:
        return None
    prices = found.get_prices(at)
    parts: dict[str, Any] = {part: getattr(prices, name, None) for part, name in THEIR_NAMES.items()}
    missing = [part for part, price in parts.items() if price is None]
    if missing:
        raise UnreadablePriceError(f"without a price for {', '.join(missing)}")
    row = ModelPrice(
        provider_name="anthropic",
        model=model,
        valid_from=at,
        source=f"{TABLE}, read {at:%Y-%m-%d}",
        **{f"{part}_per_mtok": _base(price) for part, price in parts.items()},
    )
    _add_step(row, parts)
    return row


def _base(price: Decimal | TieredPrices) -> Decimal:
    return price.base if isinstance(price, TieredPrices) else price


def _add_step(row: ModelPrice, parts: dict[str, Any]) -> None:
    """The prices of long requests; all parts step at the same size, or none does."""
    steps = {_only_step(price) for price in parts.values()}
    if steps == {None}:
        return
    if len(steps) > 1:
        raise UnreadablePriceError("with steps at different sizes")
    row.above_input_tokens = steps.pop()
    for part, price in parts.items():
        setattr(row, f"above_{part}_per_mtok", price.tiers[0].price)


def _only_step(price: Decimal | TieredPrices) -> int | None:
    if not isinstance(price, TieredPrices):
        return None
    starts = [tier.start for tier in price.tiers]
    if len(starts) != 1:
        raise UnreadablePriceError(f"with {len(starts)} steps")
    return starts[0]
