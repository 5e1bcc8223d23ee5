"""The facts of a whole conversation, in one pass that reads no text and looks at a bounded number of parts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from routing.engine.tier_words import OPENINGS, names_tier

SAMPLE = 256  # characters at each end by which a text's length in UTF-8 is judged
IMAGES = ("image_url", "image", "input_image")
TOOL_WINDOW = 64  # newest messages in which a tool call or result is looked for
FIRST_MESSAGES, NEWEST_MESSAGES = 100, 900  # looked at in a longer conversation; each other counts as their mean
MOST_PARTS = 1_000  # blocks and tool calls that are looked at; each other counts as a long one
PER_UNREAD_PART = 256
MOST_TOOLS = 1_000  # declarations that are looked at; each other counts as their mean
MOST_MESSAGES = FIRST_MESSAGES + NEWEST_MESSAGES
NEWEST_BLOCKS = 256  # of one message in which its newest words and tool uses are looked for
MOST_VALUES = 64  # of one tool call that are looked at
PER_VALUE = "      " * 4  # stands for a value of a tool call that is not text
PER_TOOL_PROPERTY = 100  # characters that one property of a tool's schema takes, on average


@dataclass(slots=True)
class Survey:
    """`bytes` estimates the text's length in UTF-8; `tool_distance` counts from the end: 1 is the last message.

    `names_tier`: some text of a user begins with a tier's name, or may: not all were looked at.
    """

    chars: int = 0
    bytes: int = 0
    images: int = 0
    turns: int = 0
    asks: int = 0
    system_chars: int = 0
    system_texts: list[str] = field(default_factory=list)
    tool_distance: int = 0
    parts: int = 0  # blocks and tool calls, looked at or not
    names_tier: bool = False


def survey(messages: Sequence[Mapping[str, Any]]) -> Survey:
    seen = Survey(tool_distance=_tool_distance(messages))
    texts = _texts_of(messages, seen)
    seen.system_chars = sum(map(len, seen.system_texts))
    seen.chars = sum(map(len, texts))
    seen.bytes = seen.chars if all(map(str.isascii, texts)) else sum(map(utf8_bytes, texts))
    seen.names_tier = seen.names_tier or seen.parts > MOST_PARTS or len(messages) > MOST_MESSAGES
    if seen.parts > MOST_PARTS:
        seen.chars += PER_UNREAD_PART * (seen.parts - MOST_PARTS)
        seen.bytes += PER_UNREAD_PART * (seen.parts - MOST_PARTS)
    if len(messages) > MOST_MESSAGES:
        seen.chars = seen.chars * len(messages) // MOST_MESSAGES
        seen.bytes = seen.bytes * len(messages) // MOST_MESSAGES
    return seen


def _texts_of(messages: Sequence[Mapping[str, Any]], seen: Survey) -> list[str]:
    texts: list[str] = []
    systems = asks = 0
    for message in _looked_at(messages):
        content = message.get("content")
        role = message.get("role")
        before = len(texts)
        if isinstance(content, str):
            texts.append(content)
            has_words = content != ""
        else:
            has_words = isinstance(content, list) and _add_blocks(content, texts, seen)
        if role == "user":
            if has_words:
                asks += 1
                if texts[before] is not content or content[0] in OPENINGS:
                    seen.names_tier = seen.names_tier or any(map(names_tier, texts[before:]))
        elif role == "assistant":
            if message.get("tool_calls"):
                _add_calls(message["tool_calls"], texts, seen)
        elif role == "system" or role == "developer":
            systems += 1
            seen.system_texts += texts[before:]
    seen.asks, seen.turns = asks, len(messages) - systems
    return texts


def _looked_at(messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    if len(messages) <= MOST_MESSAGES:
        return messages
    return [*messages[:FIRST_MESSAGES], *messages[-NEWEST_MESSAGES:]]


def _within_bounds(parts: list[Any], seen: Survey) -> list[Any]:
    """Those of the newly counted parts that are looked at."""
    return parts[: max(0, len(parts) + min(0, MOST_PARTS - seen.parts))]


def utf8_bytes(text: str) -> int:
    """How long a text is in UTF-8, judged by its first and last characters."""
    if text.isascii():
        return len(text)
    sample = text if len(text) <= 2 * SAMPLE else text[:SAMPLE] + text[-SAMPLE:]
    return len(sample.encode(errors="replace")) * len(text) // len(sample)


def _add_blocks(blocks: list[Any], texts: list[str], seen: Survey, *, is_result: bool = False) -> bool:
    """Whether a list of blocks holds words of its own, results of tools apart."""
    has_words = False
    seen.parts += len(blocks)
    for block in _within_bounds(blocks, seen) if seen.parts > MOST_PARTS else blocks:
        if not isinstance(block, dict):
            continue
        text = block.get("text")
        if isinstance(text, str):
            texts.append(text)
            has_words = has_words or text != ""
        elif block.get("type") in IMAGES:
            seen.images += 1
        elif is_result:
            continue
        elif (content := block.get("content")) and isinstance(content, str):
            texts.append(content)
        else:
            _add_tool_block(block, texts, seen)
    return has_words


def _add_tool_block(block: Mapping[str, Any], texts: list[str], seen: Survey) -> None:
    content = block.get("content") or block.get("input") or block.get("thinking")
    if isinstance(content, str):
        texts.append(content)
    elif isinstance(content, dict):
        for name, value in content.items() if len(content) <= MOST_VALUES else islice(content.items(), MOST_VALUES):
            texts += (name, value if isinstance(value, str) else PER_VALUE)
    elif isinstance(content, list):
        _add_blocks(content, texts, seen, is_result=True)


def _add_calls(calls: Any, texts: list[str], seen: Survey) -> None:
    if not isinstance(calls, list):
        return
    seen.parts += len(calls)
    for call in _within_bounds(calls, seen):
        function = call.get("function") if isinstance(call, dict) else None
        if isinstance(function, dict):
            parts = (function.get("name"), function.get("arguments"))
            texts += [part for part in parts if isinstance(part, str)]


def _tool_distance(messages: Sequence[Mapping[str, Any]]) -> int:
    for distance, message in enumerate(reversed(messages[-TOOL_WINDOW:]), start=1):
        if message.get("role") in ("tool", "function") or message.get("tool_calls") or message.get("function_call"):
            return distance
        content = message.get("content")
        if not isinstance(content, str) and holds_tool_block(content):
            return distance
    return 0


def holds_tool_block(content: Any) -> bool:
    return isinstance(content, list) and any(map(_is_tool_block, content[-NEWEST_BLOCKS:]))


def _is_tool_block(block: Any) -> bool:
    kind = block.get("type") if isinstance(block, dict) else None
    return isinstance(kind, str) and kind.endswith(("tool_use", "tool_result"))


def tool_chars(tools: Sequence[Mapping[str, Any]]) -> int:
    """About how long the declarations of tools are: descriptions as they are, schemas by their properties."""
    total = 0
    for tool in tools[:MOST_TOOLS]:
        function = tool.get("function") or tool
        if isinstance(function, dict):
            description = function.get("description")
            schema = function.get("parameters") or function.get("input_schema")
            properties = schema.get("properties") if isinstance(schema, dict) else None
            total += len(description) if isinstance(description, str) else 0
            total += PER_TOOL_PROPERTY * (1 + (len(properties) if isinstance(properties, dict) else 0))
    return total if len(tools) <= MOST_TOOLS else total * len(tools) // MOST_TOOLS
