"""Chat bodies as clients really send them: Cursor writes Responses members or Anthropic's blocks into them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from smartgateway.api.custom_tools import flattened, function_calls, has_custom_call, is_custom
from smartgateway.api.messages.request import tool_call, tool_choice, tool_result, user_parts
from smartgateway.api.requests import check_chat, check_member
from smartgateway.api.responses.request import incoming
from smartgateway.api.responses.toolbox import Toolbox, name_of
from smartgateway.completions.errors import BadRequestError

Message = Mapping[str, Any]
FOREIGN_BLOCKS = frozenset(
    {"tool_use", "tool_result", "image", "document", "thinking", "redacted_thinking", "server_tool_use"}
)
FOREIGN_CHOICES = ("auto", "any", "tool", "none")
NONE: frozenset[str] = frozenset()


@dataclass(slots=True)
class Shaped:
    """A checked body in chat form. A foreign one does not pass through as it came."""

    body: dict[str, Any]
    is_foreign: bool = False
    dropped: list[str] = field(default_factory=list)
    custom_names: frozenset[str] = frozenset()  # of tools whose calls are to look as they were declared


def chat_form(data: Any) -> Shaped:
    """Raises `BadRequestError` that names the member at fault."""
    if not is_foreign(data):
        return Shaped(check_chat(data))
    check_member(data, "stream_options", dict)
    if data.get("input") is None:
        shaped = Shaped({}, is_foreign=True, custom_names=custom_names(data))
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
    if isinstance(tools, list) and any(is_flat(tool) or is_custom(tool) for tool in tools):
        return True
    if is_custom(choice := data.get("tool_choice")) or (isinstance(choice, dict) and "allowed_tools" in choice):
        return True
    return isinstance(messages, list) and any(is_foreign_message(message) for message in messages)


def is_foreign_message(message: object) -> bool:
    if not isinstance(message, dict):
        return False
    content = message.get("content")
    return (isinstance(content, list) and has_foreign_block(content)) or has_custom_call(message)


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
    if isinstance(choice := data.get("tool_choice"), dict):
        body |= mended_choice(choice, body.get("tools") or [])
    if data.get("stop_sequences") and not data.get("stop"):
        body["stop"] = data["stop_sequences"]
    return body


def mended_choice(choice: Mapping[str, Any], tools: list[Any]) -> dict[str, Any]:
    kind = choice.get("type")
    if kind in FOREIGN_CHOICES:
        return tool_choice(choice)
    if kind == "allowed_tools":
        return allowed(choice.get("allowed_tools"), tools)
    if not is_custom(choice) and "name" not in choice:
        return {}
    name = name_of(flattened(choice) if is_custom(choice) else choice)
    return {"tool_choice": {"type": "function", "function": {"name": name}}}


def allowed(given: object, tools: list[Any]) -> dict[str, Any]:
    """Only these are told to the model."""
    entries = given.get("tools") if isinstance(given, dict) else None
    if not isinstance(given, dict) or not isinstance(entries, list):
        raise BadRequestError("'tool_choice.allowed_tools.tools' must be a list of tools.", param="tool_choice")
    names = {name_of(flattened(entry) if is_custom(entry) else entry) for entry in entries if isinstance(entry, dict)}
    kept = [tool for tool in tools if isinstance(tool.get("function"), dict) and tool["function"].get("name") in names]
    if not kept:
        raise BadRequestError("'tool_choice' allows no tool that is declared.", param="tool_choice")
    return {"tools": kept, "tool_choice": "required" if given.get("mode") == "required" else "auto"}


def custom_names(data: Mapping[str, Any]) -> frozenset[str]:
    tools = data.get("tools")
    return frozenset(name_of(flattened(tool)) for tool in tools if is_custom(tool)) if isinstance(tools, list) else NONE


def mended_tools(tools: list[Any], dropped: list[str]) -> Iterator[Any]:
    for tool in tools:
        if not is_flat(tool) and not is_custom(tool):
            yield tool
            continue
        toolbox = Toolbox()
        toolbox.declare([flattened(tool) if is_custom(tool) else tool])
        yield from toolbox.functions
        dropped += [f"tools.{kind}" for kind in toolbox.hosted]


def mended_messages(messages: list[Any], dropped: list[str]) -> Iterator[Any]:
    for index, message in enumerate(messages):
        if isinstance(message, dict) and has_custom_call(message):
            message = function_calls(message, f"messages[{index}].tool_calls")
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
