"""The events of Claude's streams, as far as they are read."""

from typing import Any

import msgspec


class Delta(msgspec.Struct, gc=False):
    """Of a block, or of the message at its end."""

    type: str = ""
    text: str = ""
    partial_json: str = ""
    thinking: str = ""
    stop_reason: str | None = None
    stop_details: dict[str, Any] | None = None


class Event(msgspec.Struct, gc=False):
    """All events in one: what a type does not have stays empty, and what is not known is skipped."""

    type: str
    index: int = -1
    delta: Delta = msgspec.field(default_factory=Delta)
    message: dict[str, Any] = {}
    content_block: dict[str, Any] = {}
    usage: dict[str, Any] = {}
    error: dict[str, Any] | None = None


EVENT = msgspec.json.Decoder(Event)
KNOWN = frozenset(
    {
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_stop",
        "error",
    }
)


def read(payload: bytes) -> Event:
    """Members of an event that is not known may mean anything."""
    try:
        return EVENT.decode(payload)
    except msgspec.ValidationError:
        kind = msgspec.json.decode(payload)["type"]
        if kind in KNOWN:
            raise
        return Event(kind)
