"""What a serving process holds open: the record, the providers, and snapshots kept fresh in the background."""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from audit import recording
from routing import connections, policies, prices, sessions
from routing.capabilities.records import Records
from smartgateway.api import body, outgoing
from smartgateway.api.collector import spare_the_collector
from smartgateway.keys import snapshots
from smartgateway.redis import connection

logger = logging.getLogger(__name__)
REFRESH_SECONDS = 1.0
DISCOVER_SECONDS = 5.0
PATIENCE_SECONDS = 5.0


class Upkeep:
    trouble = ""
    task: asyncio.Task[None] | None = None


async def run(receive: Any, send: Any) -> None:
    """ASGI's lifespan protocol. A start that fails says why and stops the process."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            try:
                await start()
            except Exception as exc:
                logger.exception("The start failed")
                await send({"type": "lifespan.startup.failed", "message": str(exc)})
                return
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await stop()
            await send({"type": "lifespan.shutdown.complete"})
            return


async def start() -> None:
    sessions.use(connection())
    await asyncio.to_thread(refresh_snapshots)
    await recording.start()
    connections.share(Records())
    await connections.start()
    Upkeep.task = asyncio.create_task(keep_fresh())
    spare_the_collector()


async def stop() -> None:
    if Upkeep.task is not None:
        Upkeep.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await Upkeep.task
    await sessions.flush()
    await connections.aclose()
    await recording.close()


async def keep_fresh() -> None:
    """Each by itself: the providers are looked at also while the database hangs."""
    await asyncio.gather(
        repeat(read_snapshots, REFRESH_SECONDS),
        repeat(body.end_stalled, REFRESH_SECONDS),
        repeat(outgoing.tend_all, REFRESH_SECONDS),
        repeat(look_at_providers, DISCOVER_SECONDS),
    )


async def repeat(step: Callable[[], Awaitable[None]], pause_seconds: float) -> None:
    """For ever, whatever goes wrong."""
    while True:
        await asyncio.sleep(pause_seconds)
        try:
            await step()
        except Exception:
            logger.exception("The upkeep failed and is tried again")


async def read_snapshots() -> None:
    """The published policy, prices and keys; a database that hangs is named meanwhile."""
    reading = asyncio.create_task(asyncio.to_thread(refresh_snapshots))
    done, _ = await asyncio.wait({reading}, timeout=PATIENCE_SECONDS)
    if not done:
        Upkeep.trouble = "the database does not answer"
    await reading


async def look_at_providers() -> None:
    await connections.refresh(policies.current().models if policies.is_loaded() else None)


def refresh_snapshots() -> None:
    """In a thread of its own. What cannot be read stays as it was: known keys and the last policy go on."""
    close_old_connections()
    try:
        policies.refresh()
        prices.refresh()
        snapshots.refresh()
        Upkeep.trouble = ""
    except DatabaseFailure as exc:
        if not Upkeep.trouble:
            logger.warning("The database cannot be read: %s", exc)
        Upkeep.trouble = "the database cannot be read"
