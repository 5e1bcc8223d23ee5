"""Rows for views that are coroutines: read and written in a thread, whose connection does not outlive the step."""

from collections.abc import Callable
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import connections

T = TypeVar("T")


async def in_thread(step: Callable[..., T], *given: object) -> T:
    """A connection kept by a thread would be found broken by the first who asks after the database was away."""

    def closing() -> T:
        try:
            return step(*given)
        finally:
            connections.close_all()

    return await sync_to_async(closing, thread_sensitive=False)()
