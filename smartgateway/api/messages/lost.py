"""What of a Messages request only Claude understands, by name: told to a client whom another model answers."""

from collections.abc import Iterator, Mapping
from typing import Any

from smartgateway.api.messages.request import EFFORTLESS, SAME_NAME

TRANSLATED = frozenset(
    {
        *SAME_NAME,
        "messages",
        "system",
        "tools",
        "tool_choice",
        "stop_sequences",
        "output_config",
        "metadata",  # its user is a label of the record
        "cache_control",  # changes no answer
        "thinking",
        "provider",
        "user",
    }
)
BLOCKS = frozenset({"text", "image", "document", "tool_use", "tool_result"})
OF_TOOLS = frozenset({"name", "description", "input_schema", "strict", "type", "cache_control"})
OF_OUTPUT = frozenset({"effort", "format"})


def lost(data: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name, value in data.items() if name not in TRANSLATED and value is not None)
    if data.get("thinking") and data["thinking"] != EFFORTLESS:
        yield "thinking"
    for tool in data.get("tools") or ():
        if "input_schema" not in tool:
            yield f"tools.{tool.get('name') or tool.get('type')}"
        else:
            yield from (f"tools.{name}" for name, value in tool.items() if name not in OF_TOOLS and value is not None)
    yield from (f"output_config.{name}" for name in data.get("output_config") or () if name not in OF_OUTPUT)
    for message in data["messages"]:
        if isinstance(message["content"], list):
            yield from (f"messages.{kind}" for kind in kinds_of(message["content"]) if kind not in BLOCKS)


def kinds_of(blocks: list[Any]) -> Iterator[str]:
    for block in blocks:
        yield str(block.get("type"))
        if isinstance(block.get("content"), list) and block.get("type") == "tool_result":
            yield from (str(inner.get("type")) for inner in block["content"] if isinstance(inner, dict))
