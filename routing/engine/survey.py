"""The facts of a whole conversation, in one pass that looks at no text."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SAMPLE = 256
IMAGES = ("image_url", "image", "input_image")
BINARIES = (*IMAGES, "input_audio", "file", "document")
TOOL_WINDOW = 64  # newest messages in which a tool call or result is looked for
PER_TOOL_PROPERTY = 100  # characters that one property of a tool's schema takes, on average


@dataclass(slots=True)
class Survey:
    """Lengths are in characters; `bytes` estimates the same text in UTF-8."""

    chars: int = 0
    bytes: int = 0
    images: int = 0
    turns: int = 0
    asks: int = 0
    system_chars: int = 0
    system_texts: list[str] = field(default_factory=list)
    tool_distance: int = 0  # how far from the end the newest tool call or result stands: 1 is the last message, 0 none

    def add_text(self, text: str) -> None:
        self.chars += len(text)
        self.bytes += len(text) if text.isascii() else utf8_bytes(text)


def utf8_bytes(text: str) -> int:
    """How long a text is in UTF-8, judged by its first and last characters."""
    sample = text if len(text) <= 2 * SAMPLE else text[:SAMPLE] + text[-SAMPLE:]
    return len(sample.encode(errors="replace")) * len(text) // len(sample)


def survey(messages: Sequence[Mapping[str, Any]]) -> Survey:
    seen = Survey()
    for message in messages:
        content = message.get("content")
        before = seen.chars
        if isinstance(content, str):
            seen.add_text(content)
            has_words = bool(content)
        else:
            has_words = bool(content) and _add_blocks(content, seen)
        role = message.get("role")
        if role == "user":
            seen.asks += has_words
        elif role == "assistant":
            _add_calls(message, seen)
        elif role in ("system", "developer"):
            seen.turns -= 1
            seen.system_chars += seen.chars - before
            seen.system_texts += [content] if isinstance(content, str) else _texts(content)
    seen.turns += len(messages)
    seen.tool_distance = _tool_distance(messages)
    return seen


def _add_blocks(content: Any, seen: Survey, *, is_result: bool = False) -> bool:
    """Whether a list of blocks holds text of its own, results of tools apart."""
    has_words = False
    for block in content if isinstance(content, Sequence) else ():
        if not isinstance(block, Mapping):
            continue
        kind = block.get("type")
        text = block.get("text")
        if isinstance(text, str):
            seen.add_text(text)
            has_words = has_words or bool(text)
        elif kind in BINARIES:
            seen.images += kind in IMAGES
        elif not is_result:
            _add_tool_block(block, seen)
    return has_words


def _add_tool_block(block: Mapping[str, Any], seen: Survey) -> None:
    content = block.get("content", block.get("input", block.get("thinking")))
    if isinstance(content, str):
        seen.add_text(content)
    elif isinstance(content, Mapping):
        _add_values(content, seen)
    elif content:
        _add_blocks(content, seen, is_result=True)


def _add_values(values: Mapping[str, Any], seen: Survey) -> None:
    for name, value in values.items():
        seen.add_text(str(name))
        if isinstance(value, str):
            seen.add_text(value)
        else:
            seen.add_text(" " * 16)


def _add_calls(message: Mapping[str, Any], seen: Survey) -> None:
    for call in message.get("tool_calls") or ():
        function = call.get("function") if isinstance(call, Mapping) else None
        if isinstance(function, Mapping):
            for part in (function.get("name"), function.get("arguments")):
                if isinstance(part, str):
                    seen.add_text(part)


def _texts(content: Any) -> list[str]:
    blocks = content if isinstance(content, Sequence) else ()
    texts = [block.get("text") for block in blocks if isinstance(block, Mapping)]
    return [text for text in texts if isinstance(text, str)]


def _tool_distance(messages: Sequence[Mapping[str, Any]]) -> int:
    for distance, message in enumerate(reversed(messages[-TOOL_WINDOW:]), start=1):
        if message.get("role") in ("tool", "function") or message.get("tool_calls") or message.get("function_call"):
            return distance
        content = message.get("content")
        if content and not isinstance(content, str) and _holds_tool_block(content):
            return distance
    return 0


def _holds_tool_block(content: Any) -> bool:
    blocks = content if isinstance(content, Sequence) else ()
    kinds = (block.get("type") for block in blocks if isinstance(block, Mapping))
    return any(isinstance(kind, str) and kind.endswith(("tool_use", "tool_result")) for kind in kinds)


def tool_chars(tools: Sequence[Mapping[str, Any]]) -> int:
    """About how long the declarations of tools are: descriptions as they are, schemas by their properties."""
    total = 0
    for tool in tools:
        function = tool.get("function", tool)
        if isinstance(function, Mapping):
            description = function.get("description")
            schema = function.get("parameters", function.get("input_schema"))
            properties = schema.get("properties") if isinstance(schema, Mapping) else None
            total += len(description) if isinstance(description, str) else 0
            total += PER_TOOL_PROPERTY * (1 + (len(properties) if isinstance(properties, Mapping) else 0))
    return total
