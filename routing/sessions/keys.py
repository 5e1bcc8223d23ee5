"""What names a conversation."""

from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b, sha256
from typing import Any

from django.conf import settings

TEXT_CAP = 1_000  # characters read of a text, from its head and again from its tail
PARTS_CAP = 50


def session_key(header: str, team_id: int, messages: Sequence[Mapping[str, Any]]) -> str:
    """A keyed digest of the client's own session id, or else of the system prompt and the first user message."""
    if header:
        name = f"{team_id}\0id\0{capped(header)}"
    else:
        name = f"{team_id}\0text\0{_first_text(messages, 'system')}\0{_first_text(messages, 'user')}"
    return blake2b(name.encode("utf-8", "replace"), key=_secret(settings.SECRET_KEY), digest_size=16).hexdigest()


def can_continue(header: str, messages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the conversation may have a past: an opening without a session id has none that could be read."""
    return bool(header) or any(message.get("role") == "assistant" for message in messages)


def capped(text: str) -> str:
    """Head and tail of the text, and how long it is."""
    if len(text) <= 2 * TEXT_CAP:
        return text
    return f"{text[:TEXT_CAP]}\0{len(text)}\0{text[-TEXT_CAP:]}"


def _first_text(messages: Sequence[Mapping[str, Any]], role: str) -> str:
    for message in messages:
        if message.get("role") == role or (role == "system" and message.get("role") == "developer"):
            return _text(message.get("content"))
    return ""


def _text(content: object) -> str:
    if isinstance(content, str):
        return capped(content)
    if not isinstance(content, list):
        return ""
    parts = (part.get("text") for part in content[:PARTS_CAP] if isinstance(part, Mapping))
    return "\0".join(capped(text) for text in parts if isinstance(text, str))


@cache
def _secret(secret_key: str) -> bytes:
    return sha256(b"routing.sessions\0" + secret_key.encode()).digest()
