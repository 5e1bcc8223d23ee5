"""What a serving process holds open: the record, the providers, and snapshots kept fresh in the background."""

import asyncio
import contextlib
import logging
from typing import Any

from django.db import Error as DatabaseFailure
from django.db import close_old_connections

from audit import recording
from routing import connections, policies, prices, sessions
from smartgateway.keys import snapshots
from smartgateway.redis import connection

logger = logging.getLogger(__name__)
REFRESH_SECONDS = 1.0
DISCOVER_EVERY = 5  # refreshes


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
    await connections.start()
    Upkeep.task = asyncio.create_task(keep_fresh())


async def stop() -> None:
    if Upkeep.task is not None:
        Upkeep.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await Upkeep.task
    await sessions.flush()
    await connections.aclose()
    await recording.close()


async def keep_fresh() -> None:
    """Once a second the published policy, prices and keys; now and then what the providers can do."""
    turn = 0
    while True:
        await asyncio.sleep(REFRESH_SECONDS)
        turn += 1
        await asyncio.to_thread(refresh_snapshots)
        if turn % DISCOVER_EVERY == 0:
            await connections.refresh(policies.current().models)


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
