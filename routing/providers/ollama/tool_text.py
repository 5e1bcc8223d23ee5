"""Small models sometimes print a tool call as text: recognised when the text is calls and nothing else."""

from typing import Any

import msgspec

MARK = "<tool_call>"
OPENERS = ("```json", "```", MARK)
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


def is_marked(text: str) -> bool:
    """Text that says of itself that it is a tool call."""
    return text.lstrip().startswith(MARK)


def calls_in(text: str, declared: frozenset[str]) -> list[tuple[str, dict[str, Any]]]:
    """Names and arguments, when the whole text is calls of declared tools and nothing else; else empty."""
    blocks = [block for block in text.split(MARK) if block.strip()] if is_marked(text) else [text]
    found = [call_of(entry, declared) for block in blocks for entry in entries_of(bare(block))]
    return [call for call in found if call is not None] if None not in found else []


def entries_of(text: str) -> list[Any]:
    """What stands there as JSON; models forget closing braces."""
    for ending in ("", "}", "}}"):
        try:
            parsed = msgspec.json.decode(text + ending)
        except (msgspec.DecodeError, RecursionError):
            continue
        return parsed if isinstance(parsed, list) and parsed else [parsed]
    return [None]


def call_of(parsed: Any, declared: frozenset[str]) -> tuple[str, dict[str, Any]] | None:
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
