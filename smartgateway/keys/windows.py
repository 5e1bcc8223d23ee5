"""The window of requests per minute that all processes share: one script, one round trip a draw.

A window begins with a key's first request and lasts 60 seconds.
"""

from dataclasses import dataclass
from typing import Any

from smartgateway.redis import connection

WINDOW_SECONDS = 60.0

DRAW = """
local used = redis.call('INCRBY', KEYS[1], ARGV[2])
local left = redis.call('PTTL', KEYS[1])
if left < 0 then
  left = tonumber(ARGV[5])
  redis.call('PEXPIRE', KEYS[1], left)
end
local room = math.max(0, ARGV[1] - used)
local granted = math.min(room, tonumber(ARGV[3]))
granted = granted + math.min(tonumber(ARGV[4]), math.floor((room - granted) / 10))
redis.call('INCRBY', KEYS[1], granted)
return {granted, room - granted, left}
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """`remaining` is what is left in the window for all processes, this grant taken off."""

    granted: int
    remaining: int
    reset_seconds: float


async def draw(key_id: int, limit: int, *, spent: int, due: int, ahead: int) -> Grant | None:
    """Accounts what was spent on credit, asks for what is due now and for up to `ahead`; None without a Redis.

    What is due is granted while there is room, what is ahead only up to a tenth of the room.
    """
    redis = connection()
    if redis is None:
        return None
    script: Any = redis.register_script(DRAW)
    arguments = [limit, spent, due, ahead, int(WINDOW_SECONDS * 1000)]
    granted, remaining, left = await script([f"smartgateway:requests:{key_id}"], arguments)
    return Grant(granted, remaining, left / 1000)
