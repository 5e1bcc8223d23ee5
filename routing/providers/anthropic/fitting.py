"""Thinking, effort and length that a client set for another model than the one that serves it."""

from typing import Any

import msgspec

from routing.providers.anthropic.effort import HEAD_ROOM_TOKENS, SMALL_MAX_TOKENS
from routing.providers.anthropic.members import Members, decode_object, encode
from routing.providers.anthropic.models import LEVELS, Traits

LEAST = ("disabled", "between_tools")
NEAREST = {"enabled": ("adaptive",), "adaptive": (), "disabled": ("between_tools",), "between_tools": ("disabled",)}


def fit_thinking(members: Members, traits: Traits) -> bool:
    """Whether the model will think though the client has not asked for it."""
    given: Any = members.read("thinking") or {}
    kind = asked = given.get("type")
    if asked is not None and asked not in traits.thinking:
        kind = next((near for near in NEAREST.get(asked, ()) if near in traits.thinking), None)
        members.write("thinking", {"type": kind} if kind else None)
    fit_effort(members, traits, most="high" if kind in LEAST else "", least=asked in LEAST and kind is None)
    return kind is None and asked in (None, *LEAST) and traits.thinks


def fit_effort(members: Members, traits: Traits, *, most: str, least: bool) -> None:
    config: Any = members.read("output_config") or {}
    asked = level = config.get("effort")
    if level is None:
        if least and traits.thinks:
            set_effort(members, "low")
        return
    if level not in traits.efforts:
        level = "high" if traits.efforts else None
    if level is not None and most and LEVELS.index(level) > LEVELS.index(most):
        level = most
    if level != asked:
        set_effort(members, level)
        members.note("output_config.effort")


def set_effort(members: Members, level: str | None) -> None:
    """The answer's format stays as it came."""
    config = decode_object(members.raw.get("output_config", b"{}"))
    config.pop("effort", None)
    if level is not None:
        config["effort"] = msgspec.Raw(encode(level))
    members.raw.pop("output_config", None)
    if config:
        members.raw["output_config"] = encode(config)


def fit_limit(members: Members, traits: Traits, *, thinks_unasked: bool) -> None:
    """Thinking is taken out of the same limit: little of it, and room for that little."""
    limit = members.read("max_tokens")
    if limit is None:
        return
    if limit > traits.max_output_tokens:
        members.write("max_tokens", traits.max_output_tokens)
    elif thinks_unasked and 0 < limit <= SMALL_MAX_TOKENS:
        if (members.read("output_config") or {}).get("effort") != "low":
            set_effort(members, "low")
            members.note("output_config.effort")
        members.write("max_tokens", limit + HEAD_ROOM_TOKENS)
