"""Small models sometimes print a tool call as text: recognised when the text is one call and nothing else."""

from typing import Any

import msgspec

OPENERS = ("```json", "```", "<tool_call>")
CLOSERS = ("```", "</tool_call>")


def might_become_call(text: str) -> bool:
    """Whether text that has only begun to come in could still be a call."""
    start = text.lstrip()
    for opener in OPENERS:
        if start.startswith(opener):
            start = start.removeprefix(opener).lstrip()
            break
        if opener.startswith(start):
            return True
    return start[:1] in ("", "{", "[")


def call_in(text: str, declared: frozenset[str]) -> tuple[str, dict[str, Any]] | None:
    """Name and arguments, when the whole text is one call of a declared tool."""
    try:
        parsed = msgspec.json.decode(bare(text))
    except msgspec.DecodeError:
        return None
    if isinstance(parsed, list) and len(parsed) == 1:
        parsed = parsed[0]
    if isinstance(parsed, dict) and isinstance(parsed.get("function"), dict):
        parsed = parsed["function"]
    if not isinstance(parsed, dict) or parsed.get("name") not in declared:
        return None
    arguments = parsed.get("arguments", parsed.get("parameters", {}))
    if isinstance(arguments, str):
        arguments = decoded(arguments)
    return (str(parsed["name"]), arguments) if isinstance(arguments, dict) else None


def decoded(arguments: str) -> Any:
    try:
        return msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return None


def bare(text: str) -> str:
    text = text.strip()
    for opener in OPENERS:
        if text.startswith(opener):
            text = text.removeprefix(opener)
            break
    for closer in CLOSERS:
        text = text.removesuffix(closer)
    return text.strip()
