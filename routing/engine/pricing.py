"""What a call cost: one pure function, exact."""

from decimal import Decimal

from routing.engine.types import Price, Usage

PICODOLLARS = Decimal(1_000_000_000_000)


def cost_of(usage: Usage, price: Price) -> Decimal:
    """US dollars. Beyond a price's `above_input_tokens` the whole request is billed by its `above`."""
    fresh, read = usage.fresh_input_tokens, usage.cache_read_input_tokens
    write_5m, write_1h = usage.cache_write_5m_input_tokens, usage.cache_write_1h_input_tokens
    limit = price.above_input_tokens
    if price.above is not None and limit is not None and fresh + read + write_5m + write_1h > limit:
        return cost_of(usage, price.above)
    of_fresh, of_read, of_write_5m, of_write_1h, of_output = price.rates
    picodollars = (
        fresh * of_fresh
        + read * of_read
        + write_5m * of_write_5m
        + write_1h * of_write_1h
        + usage.output_tokens * of_output
    )
    return picodollars / PICODOLLARS
