"""A tier's name before an ask (`@opus ...`) is said to us: it is not sent on."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from routing.engine.features import Features
from routing.engine.types import LADDER, Policy, RoutingRequest

WORD = rf"@(?:{'|'.join(LADDER)})[:,]*\s+(?=\S)"
FIRST = re.compile(rf"\s*{WORD}", re.IGNORECASE)
BEHIND_A_TAG = re.compile(rf"(?<=[>\n])\s{{0,8}}{WORD}", re.IGNORECASE)
OPENINGS = frozenset(char for code in range(0x3001) if (char := chr(code)).isspace() or char == "@")
Messages = Sequence[Mapping[str, Any]]


def without_tier_words(request: RoutingRequest, features: Features, policy: Policy) -> RoutingRequest:
    """From earlier asks it is removed too, so that what was sent before stays the prefix that the provider cached."""
    if not policy.switches["tier_words"]:
        return request
    messages = _without(request.messages, FIRST)
    if messages is request.messages and features.tier_word:
        messages = _without_newest(request.messages)
    return request if messages is request.messages else request._replace(messages=messages)


def _without(messages: Messages, word: re.Pattern[str]) -> Messages:
    cleaned = [_cleaned(message, word) if message.get("role") == "user" else message for message in messages]
    return messages if all(map(_is_same, cleaned, messages)) else cleaned


def _without_newest(messages: Messages) -> Messages:
    """A client's own text goes before the ask: the word stands behind a tag or on a line of its own."""
    for index in reversed(range(len(messages))):
        cleaned = _cleaned(messages[index], BEHIND_A_TAG)
        if cleaned is not messages[index]:
            return [*messages[:index], cleaned, *messages[index + 1 :]]
    return messages


def _cleaned(message: Mapping[str, Any], word: re.Pattern[str]) -> Mapping[str, Any]:
    """The same message, unless a person's words in it begin with the word."""
    content = message.get("content")
    if message.get("role") != "user":
        return message
    if isinstance(content, str):
        text = _cut(content, word)
        return message if text is content else {**message, "content": text}
    if not isinstance(content, list) or not any(map(_has_text, content)):
        return message
    parts = [_cleaned_part(part, word) for part in content]
    return message if all(map(_is_same, parts, content)) else {**message, "content": parts}


def _has_text(part: Any) -> bool:
    return isinstance(part, dict) and isinstance(part.get("text"), str)


def _cleaned_part(part: Any, word: re.Pattern[str]) -> Any:
    if not _has_text(part):
        return part
    text = _cut(part["text"], word)
    return part if text is part["text"] else {**part, "text": text}


def _cut(text: str, word: re.Pattern[str]) -> str:
    if word is FIRST and text[:1] not in OPENINGS:
        return text
    found = word.match(text) if word is FIRST else word.search(text)
    return f"{text[: found.start()]}{text[found.end() :]}" if found else text


def _is_same(one: object, other: object) -> bool:
    return one is other
