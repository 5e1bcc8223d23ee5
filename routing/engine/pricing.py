"""What a call cost: one pure function, in decimals."""

from decimal import Decimal

from routing.engine.types import Price, Usage

PER_MILLION = Decimal(1_000_000)


def cost_of(usage: Usage, price: Price) -> Decimal:
    """US dollars. Beyond a price's `above_input_tokens` the whole request is billed by its `above`."""
    if (
        price.above is not None
        and price.above_input_tokens is not None
        and usage.input_tokens > price.above_input_tokens
    ):
        return cost_of(usage, price.above)
    total = (
        usage.fresh_input_tokens * price.input_per_mtok
        + usage.cache_read_input_tokens * price.cache_read_per_mtok
        + usage.cache_write_5m_input_tokens * price.cache_write_5m_per_mtok
        + usage.cache_write_1h_input_tokens * price.cache_write_1h_per_mtok
        + usage.output_tokens * price.output_per_mtok
    )
    return total / PER_MILLION
