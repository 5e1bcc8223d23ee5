"""The tier of a conversation: the highest it used and whether tools ran, until it was idle for too long.

Shared through Redis when a connection was handed in with `use`, and always kept in process too: with Redis away, or
without one, the process's own memory answers. Nothing here raises, and a read waits 50 ms at most.
"""

from redis.asyncio import Redis

from routing.engine.types import SessionState, Tier
from routing.sessions.keys import can_continue, session_key
from routing.sessions.store import IDLE_SECONDS, SessionStore

__all__ = ["can_continue", "flush", "recall", "remember", "session_key", "use"]

_store = SessionStore()


def use(connection: "Redis | None") -> None:
    """Starts with an empty memory over this connection; called when a process starts."""
    global _store
    _store = SessionStore(connection)


async def recall(key: str) -> SessionState | None:
    """What is known of the conversation; None when it is new or was idle. Ask only if it `can_continue`."""
    return await _store.recall(key)


def remember(key: str, tier: Tier, used_tools: bool, idle_seconds: float = IDLE_SECONDS) -> None:
    """Notes a turn. Returns at once; other processes see it a few milliseconds later.

    `idle_seconds` is the policy's threshold `session_idle_seconds`: so long without a turn, and it is forgotten.
    """
    _store.remember(key, tier, used_tools, idle_seconds)


async def flush() -> None:
    """Sends what `remember` has not sent yet; called when a process stops."""
    await _store.flush()
