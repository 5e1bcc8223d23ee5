"""How long the answer may be and how much is thought: one budget on Claude's side."""

from collections.abc import Mapping
from typing import Any

from routing.providers.anthropic.models import LEVELS, Traits
from routing.providers.indoors import rejected

DEFAULT_MAX_TOKENS = 16_384
SMALL_MAX_TOKENS = 2_048
HEAD_ROOM_TOKENS = 2_048
LITTLE = ("none", "minimal")


def fill(sent: dict[str, Any], body: Mapping[str, Any], traits: Traits, dropped: list[str]) -> None:
    asked = body.get("reasoning_effort")
    if asked is not None and asked not in (*LEVELS, *LITTLE):
        raise rejected(f"reasoning_effort is {asked!r}: use one of {', '.join((*LITTLE, *LEVELS))}")
    thinking, level = thinking_of(asked, traits)
    if asked is not None and thinking is None and level is None and asked not in LITTLE:
        dropped.append("reasoning_effort")
    limit = limit_of(body, traits, dropped)
    thinks = thinking["type"] == "adaptive" if thinking else traits.thinks
    if thinks and limit <= SMALL_MAX_TOKENS:
        # Thinking is taken out of the same limit: little of it, and room for that little.
        if level != "low":
            level = "low"
            dropped.append("reasoning_effort")
        limit += HEAD_ROOM_TOKENS
        dropped.append("max_tokens")
    sent["max_tokens"] = limit
    if thinking:
        sent["thinking"] = thinking
    if level:
        sent["output_config"] = {**sent.get("output_config", {}), "effort": level}


def thinking_of(asked: str | None, traits: Traits) -> tuple[dict[str, str] | None, str | None]:
    if asked is None:
        return None, None
    if asked in LITTLE:
        for least in ("disabled", "between_tools"):
            if least in traits.thinking and traits.thinks:
                return {"type": least}, None
        return None, "low" if traits.thinks else None
    level = asked if asked in traits.efforts else "high" if traits.efforts else None
    if "adaptive" in traits.thinking and not traits.thinks:
        return {"type": "adaptive"}, level
    return None, level


def limit_of(body: Mapping[str, Any], traits: Traits, dropped: list[str]) -> int:
    given = body.get("max_completion_tokens")
    given = body.get("max_tokens") if given is None else given
    if given is None:
        return DEFAULT_MAX_TOKENS
    if not isinstance(given, int) or isinstance(given, bool) or given < 1:
        raise rejected(f"max_tokens is {given!r}: use a whole number above 0")
    if given > traits.max_output_tokens:
        dropped.append("max_tokens")
    return min(given, traits.max_output_tokens)
