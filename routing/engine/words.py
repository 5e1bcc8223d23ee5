"""A tier's name before an ask (`@opus ...`) is said to us: it is not sent on."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from routing.engine.features import Features
from routing.engine.survey import MOST_PARTS, NEWEST_BLOCKS, NEWEST_MESSAGES
from routing.engine.tier_words import BEHIND_A_TAG, FIRST, OPENINGS
from routing.engine.types import Policy, RoutingRequest

Messages = Sequence[Mapping[str, Any]]


def without_tier_words(request: RoutingRequest, features: Features, policy: Policy) -> RoutingRequest:
    """From earlier asks it is removed too, so that what was sent before stays the prefix that the provider cached."""
    if not (policy.switches["tier_words"] and (features.names_tier or features.tier_word)):
        return request
    messages = _without(request.messages, FIRST)
    if messages is request.messages and features.tier_word:
        messages = _without_newest(request.messages)
    return request if messages is request.messages else request._replace(messages=messages)


def _without(messages: Messages, word: re.Pattern[str]) -> Messages:
    """In a conversation of very many messages or blocks, only in the newest: before them the word stays."""
    cleaned: list[Mapping[str, Any]] | None = None
    left = MOST_PARTS
    for index in range(len(messages) - 1, -1, -1):
        message = messages[index]
        content = message.get("content")
        left -= len(content) if isinstance(content, list) else 1
        is_concerned = message.get("role") == "user" and _begins(content)
        if is_concerned and (without := _cleaned(content, word)) is not content:
            cleaned = cleaned or list(messages)
            cleaned[index] = {**message, "content": without}
        if left <= 0:
            break
    return cleaned or messages


def _begins(content: Any) -> bool:
    """Whether the word may stand in it: hardly any text begins so."""
    if isinstance(content, str):
        return content[:1] in OPENINGS
    if isinstance(content, list):
        for part in content if len(content) <= NEWEST_BLOCKS else content[-NEWEST_BLOCKS:]:
            text = part.get("text") if isinstance(part, dict) else None
            if isinstance(text, str) and text[:1] in OPENINGS:
                return True
    return False


def _without_newest(messages: Messages) -> Messages:
    """A client's own text goes before the ask: the word stands behind a tag or on a line of its own."""
    for index in range(len(messages) - 1, max(-1, len(messages) - 1 - NEWEST_MESSAGES), -1):
        message = messages[index]
        content = message.get("content")
        if message.get("role") == "user" and (without := _cleaned(content, BEHIND_A_TAG)) is not content:
            return [*messages[:index], {**message, "content": without}, *messages[index + 1 :]]
    return messages


def _cleaned(content: Any, word: re.Pattern[str]) -> Any:
    """The same content, unless a person's words in it begin with the word."""
    if isinstance(content, str):
        return _cut(content, word)
    if not isinstance(content, list):
        return content
    cleaned = content
    for index, part in enumerate(content[-NEWEST_BLOCKS:], start=max(0, len(content) - NEWEST_BLOCKS)):
        text = part.get("text") if isinstance(part, dict) else None
        if isinstance(text, str) and (without := _cut(text, word)) is not text:
            cleaned = list(content) if cleaned is content else cleaned
            cleaned[index] = {**part, "text": without}
    return cleaned


def _cut(text: str, word: re.Pattern[str]) -> str:
    found = word.match(text) if word is FIRST else word.search(text)
    return f"{text[: found.start()]}{text[found.end() :]}" if found else text
