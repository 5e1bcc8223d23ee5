"""The one Redis connection of a process; None when `REDIS_URL` is empty."""

from functools import cache

import redis.asyncio
from django.conf import settings


@cache
def connection() -> "redis.asyncio.Redis | None":
    if not settings.REDIS_URL:
        return None
    return redis.asyncio.Redis.from_url(
        settings.REDIS_URL, socket_timeout=0.25, socket_connect_timeout=0.25, decode_responses=False
    )
