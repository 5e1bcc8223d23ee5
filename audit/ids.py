"""UUIDs of version 7: their order is the order of time, so that a range of ids is a range of time."""

import os
import time
from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

FIRST, END = UUID(int=0), UUID(int=2**128 - 1)  # all ids lie between
RANDOM_BITS = 74
RANDOM_BYTES = 10
DRAWN_AT_ONCE = 512
_last = 0


def _random() -> Iterator[int]:
    """Random numbers of 74 bits, drawn by the hundred: each draw is a call of the system."""
    while True:
        drawn = os.urandom(RANDOM_BYTES * DRAWN_AT_ONCE)
        for start in range(0, len(drawn), RANDOM_BYTES):
            yield int.from_bytes(drawn[start : start + RANDOM_BYTES]) >> 6


_numbers = _random()


def new_id() -> bytes:
    """A version 7 UUID as 16 bytes, above every one this process made before."""
    global _last
    value = (time.time_ns() // 1_000_000) << RANDOM_BITS | next(_numbers)
    _last = value = max(value, _last + 1)
    return _spread(value).to_bytes(16)


def id_at(moment: datetime) -> UUID:
    """The lower bound of all ids made at `moment` or later."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _spread(value: int) -> int:
    """48 bits of milliseconds, the version, 12 random bits, the variant, 62 random bits."""
    milliseconds, high, low = value >> RANDOM_BITS, value >> 62 & 0xFFF, value & (1 << 62) - 1
    return milliseconds << 80 | 0x7 << 76 | high << 64 | 0b10 << 62 | low
