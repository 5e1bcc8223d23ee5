"""Chat bodies as clients really send them: Cursor writes Responses members or Anthropic's blocks into them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from smartgateway.api.messages.request import tool_call, tool_choice, tool_result, user_parts
from smartgateway.api.requests import check_chat, check_member
from smartgateway.api.responses.request import incoming
from smartgateway.api.responses.toolbox import Toolbox
from smartgateway.completions.errors import BadRequestError

Message = Mapping[str, Any]
FOREIGN_BLOCKS = frozenset(
    {"tool_use", "tool_result", "image", "document", "thinking", "redacted_thinking", "server_tool_use"}
)
FOREIGN_CHOICES = ("auto", "any", "tool", "none")


@dataclass(slots=True)
class Shaped:
    """A checked body in chat form. A foreign one does not pass through as it came."""

    body: dict[str, Any]
    is_foreign: bool = False
    dropped: list[str] = field(default_factory=list)


def chat_form(data: Any) -> Shaped:
    """Raises `BadRequestError` that names the member at fault."""
    if not is_foreign(data):
        return Shaped(check_chat(data))
    check_member(data, "stream_options", dict)
    if data.get("input") is None:
        shaped = Shaped({}, is_foreign=True)
        shaped.body = check_chat(mended(data, shaped.dropped))
        return shaped
    for other in ("messages", "system"):
        if data.get(other):
            raise BadRequestError(f"'input' and {other!r} are of different APIs: send one of them.", param=other)
    given = incoming({name: value for name, value in data.items() if name not in ("messages", "system")})
    return Shaped(check_chat(given.body), is_foreign=True, dropped=list(given.dropped))


def is_foreign(data: Any) -> bool:
    if not isinstance(data, dict):
        return False
    if data.get("input") is not None or data.get("system") is not None:
        return True
    tools, messages = data.get("tools"), data.get("messages")
    if isinstance(tools, list) and any(is_flat(tool) for tool in tools):
        return True
    return isinstance(messages, list) and any(
        isinstance(message, dict) and isinstance(message.get("content"), list) and has_foreign_block(message["content"])
        for message in messages
    )


def is_flat(tool: object) -> bool:
    return isinstance(tool, dict) and "function" not in tool and "name" in tool


def has_foreign_block(blocks: list[Any]) -> bool:
    return any(isinstance(block, dict) and kind_of(block) in FOREIGN_BLOCKS for block in blocks)


def kind_of(block: Message) -> str:
    return str(block.get("type"))


def mended(data: Mapping[str, Any], dropped: list[str]) -> dict[str, Any]:
    """Anthropic's members and blocks in chat form; cache markers stay where they were."""
    body = {name: value for name, value in data.items() if name not in ("system", "stop_sequences")}
    check_member(data, "messages", list)
    system = [{"role": "system", "content": data["system"]}] if data.get("system") else []
    if data.get("messages"):
        body["messages"] = [*system, *mended_messages(data["messages"], dropped)]
    check_member(data, "tools", list)
    if data.get("tools"):
        body["tools"] = list(mended_tools(data["tools"], dropped))
    choice = data.get("tool_choice")
    if isinstance(choice, dict) and choice.get("type") in FOREIGN_CHOICES:
        body |= tool_choice(choice)
    elif isinstance(choice, dict) and choice.get("type") == "function" and "name" in choice:
        body["tool_choice"] = {"type": "function", "function": {"name": choice["name"]}}
    if data.get("stop_sequences") and not data.get("stop"):
        body["stop"] = data["stop_sequences"]
    return body


def mended_tools(tools: list[Any], dropped: list[str]) -> Iterator[Any]:
    for tool in tools:
        if not is_flat(tool):
            yield tool
            continue
        toolbox = Toolbox()
        toolbox.declare([tool])
        yield from toolbox.functions
        dropped += [f"tools.{kind}" for kind in toolbox.hosted]


def mended_messages(messages: list[Any], dropped: list[str]) -> Iterator[Any]:
    for index, message in enumerate(messages):
        content = message.get("content") if isinstance(message, dict) else None
        if not isinstance(content, list) or not has_foreign_block(content):
            yield message
            continue
        where = f"messages[{index}].content"
        if not all(isinstance(block, dict) for block in content):
            raise BadRequestError(f"Each part of '{where}' must be an object with a type.", param=where)
        role = message.get("role")
        misplaced = {"assistant": {"tool_result", "image", "document"}, "user": {"tool_use"}}.get(
            str(role), FOREIGN_BLOCKS
        )
        if found := misplaced & {kind_of(block) for block in content}:
            raise BadRequestError(f"'{where}' holds a {min(found)}, which its role cannot say.", param=where)
        if role == "assistant":
            yield mended_assistant(message, where, dropped)
        else:
            yield from mended_user(message, dropped)


def mended_assistant(message: Message, where: str, dropped: list[str]) -> dict[str, Any]:
    """Thinking belongs to the model that thought it, and cannot be told to another."""
    kept = [block for block in message["content"] if kind_of(block) not in FOREIGN_BLOCKS]
    calls = list(message.get("tool_calls") or ())
    for block in message["content"]:
        if kind_of(block) == "tool_use":
            check_call(block, where)
            calls.append(tool_call(block))
        elif kind_of(block) in FOREIGN_BLOCKS:
            dropped.append(f"messages.{kind_of(block)}")
    return {**message, "content": kept or None, **({"tool_calls": calls} if calls else {})}


def check_call(block: Message, where: str) -> None:
    for name, kind in (("id", str), ("name", str), ("input", dict)):
        if not isinstance(block.get(name), kind):
            raise BadRequestError(f"A tool_use of '{where}' has no proper {name}.", param=where)


def mended_user(message: Message, dropped: list[str]) -> Iterator[dict[str, Any]]:
    """Results of tools are messages of their own, before what else the turn says."""
    parts: list[dict[str, Any]] = []
    for block in message["content"]:
        if kind_of(block) not in FOREIGN_BLOCKS:
            parts.append(block)
            continue
        if kind_of(block) == "tool_result":
            yield marked_result(block)
        found = list(user_parts(block))
        if not found and kind_of(block) != "tool_result":
            dropped.append(f"messages.{kind_of(block)}")
        parts += [{**part, **marker_of(block)} for part in found]
    if parts:
        yield {**message, "content": parts}


def marked_result(block: Message) -> dict[str, Any]:
    result, marker = tool_result(block), marker_of(block)
    if marker and result["content"]:
        result["content"] = [{"type": "text", "text": result["content"], **marker}]
    return result


def marker_of(block: Message) -> dict[str, Any]:
    return {"cache_control": block["cache_control"]} if block.get("cache_control") else {}
