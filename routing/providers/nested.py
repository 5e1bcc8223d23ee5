"""Members inside of members that change an answer or its cost, and that a translation cannot carry: by name."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any


def lost_in(messages: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    """Who of several users speaks, how closely an image is to be looked at, and what was heard before."""
    for message in messages:
        if message.get("name") and message["role"] not in ("tool", "function"):
            yield "messages.name"
        if message.get("audio"):
            yield "messages.audio"
        content = message.get("content")
        if isinstance(content, list):
            yield from (name for part in content for name in lost_of(part))


def lost_of(part: Mapping[str, Any]) -> Iterator[str]:
    image = part.get("image_url")
    if isinstance(image, dict) and image.get("detail") not in (None, "auto"):
        yield "messages.image_url.detail"
    if part.get("annotations") or part.get("citations"):
        yield "messages.citations"
