"""What a call cost: one pure function, exact."""

from decimal import Decimal

from routing.engine.types import Price, Usage

PICODOLLARS = Decimal(1_000_000_000_000)
SMALLEST = Decimal("1e-10")  # what the record keeps


def cost_of(usage: Usage, price: Price, seconds: float = 0.0) -> Decimal:
    """US dollars. Beyond a price's `above_input_tokens` the whole request is billed by its `above`.

    `seconds` is how long the model worked; it counts only where the price has an amount per hour.
    """
    fresh, read = usage.fresh_input_tokens, usage.cache_read_input_tokens
    write_5m, write_1h = usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens
    rates, limit = price.rates, price.above_input_tokens
    if price.above is not None and limit is not None and fresh + read + write_5m + write_1h > limit:
        rates = price.above.rates
    of_fresh, of_read, of_write_5m, of_write_1h, of_output = rates
    picodollars = (
        fresh * of_fresh
        + read * of_read
        + write_5m * of_write_5m
        + write_1h * of_write_1h
        + usage.output_tokens * of_output
    )
    if not price.per_hour:
        return picodollars / PICODOLLARS
    of_time = (price.per_hour * Decimal(seconds) / 3600).quantize(SMALLEST)
    return picodollars / PICODOLLARS + of_time
