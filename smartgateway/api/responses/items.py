"""Input items as chat messages."""

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from smartgateway.api.requests import check_new
from smartgateway.api.responses.toolbox import Toolbox, indoor_name
from smartgateway.completions.errors import BadRequestError

Item = Mapping[str, Any]
Message = dict[str, Any]
ROLES = {"user": "user", "assistant": "assistant", "system": "system", "developer": "system"}
HARMLESS = {  # what an earlier answer of OpenAI's left behind, and no other model can read
    "reasoning",
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "tool_search_call",
    "tool_search_output",
    "mcp_list_tools",
    "mcp_approval_request",
    "mcp_approval_response",
    "ghost_snapshot",
}
PARAGRAPH = "\n\n"
encode = msgspec.json.Encoder().encode


class Conversation:
    """Calls that follow one another belong to one assistant message, as chat has it."""

    def __init__(self, toolbox: Toolbox) -> None:
        self.messages: list[Message] = []
        self.dropped: list[str] = []
        self._toolbox = toolbox
        self._called: set[str] = set()  # in the newest turn
        self._answered: set[str] = set()

    def read(self, items: Iterable[object]) -> None:
        for index, item in enumerate(items):
            where = f"input[{index}]"
            if not isinstance(item, dict):
                raise BadRequestError(f"'{where}' must be an object.", param=where, code="invalid_type")
            self._read(item, str(item.get("type") or "message"), where)

    def _read(self, item: Item, kind: str, where: str) -> None:
        if kind == "message":
            self._say(item, where)
        elif kind in ("function_call", "custom_tool_call", "local_shell_call"):
            self._call(call_of(item, where), where)
        elif kind in ("function_call_output", "custom_tool_call_output", "local_shell_call_output"):
            self._result(item, where)
        elif kind == "additional_tools":
            self._toolbox.declare(item.get("tools"))
        elif kind in HARMLESS:
            self.dropped.append(f"input.{kind}")
        else:
            raise unsupported(kind, where)

    def _say(self, item: Item, where: str) -> None:
        role = item.get("role")
        if not isinstance(role, str) or role not in ROLES:
            raise BadRequestError(f"'{where}.role' must be one of {', '.join(ROLES)}.", param=f"{where}.role")
        role, content = ROLES[role], content_of(item.get("content"), f"{where}.content")
        last = self.messages[-1] if self.messages else {}
        if role == "assistant":
            content = text_of(content, where)
            if last.get("tool_calls"):
                last["content"] = PARAGRAPH.join(filter(None, (last["content"], content)))
                return
        elif role == "system" and last and all(message["role"] == "system" for message in self.messages):
            last["content"] = PARAGRAPH.join(
                text_of(each, where, between=PARAGRAPH) for each in (last["content"], content)
            )
            return
        self.messages.append({"role": role, "content": content})

    def _call(self, call: dict[str, Any], where: str) -> None:
        last = self.messages[-1] if self.messages else {}
        if last.get("role") != "assistant":
            last = {"role": "assistant", "content": None}
            self.messages.append(last)
        if "tool_calls" not in last:
            self._called, self._answered = set(), set()
        check_new(call["id"], self._called, where)
        last.setdefault("tool_calls", []).append(call)

    def _result(self, item: Item, where: str) -> None:
        identity = item.get("call_id") or item.get("id")
        if not isinstance(identity, str):
            raise BadRequestError(f"'{where}.call_id' must be a string.", param=f"{where}.call_id")
        check_new(identity, self._answered, where)
        content = content_of(item.get("output"), f"{where}.output")
        self.messages.append({"role": "tool", "tool_call_id": identity, "content": content})


def call_of(item: Item, where: str) -> dict[str, Any]:
    """A call with its arguments as JSON text, whatever it was called with."""
    kind, identity = item["type"], item.get("call_id") or item.get("id")
    if not isinstance(identity, str):
        raise BadRequestError(f"'{where}.call_id' must be a string.", param=f"{where}.call_id")
    if kind == "local_shell_call":
        action = item.get("action")
        given = {name: value for name, value in action.items() if name != "type"} if isinstance(action, dict) else {}
        name, arguments = "local_shell", encode(given).decode()
    else:
        name = item.get("name") or ""
        member = "arguments" if kind == "function_call" else "input"
        text = item.get(member)
        if not isinstance(name, str) or not name or not isinstance(text, str):
            raise BadRequestError(f"'{where}' must have a name and its {member} as strings.", param=where)
        name = indoor_name(name, item.get("namespace"))
        arguments = text if kind == "function_call" else encode({"input": text}).decode()
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def content_of(content: object, where: str) -> Any:
    """Text as one string where it is nothing else; otherwise parts in chat form."""
    if content is None or isinstance(content, str):
        return content or ""
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise BadRequestError(f"'{where}' must be a string or a list of parts.", param=where, code="invalid_type")
    parts = [part_of(part, where) for part in content]
    if len(parts) == 1 and parts[0].keys() == {"type", "text"}:
        return parts[0]["text"]
    return parts


def part_of(part: Item, where: str) -> dict[str, Any]:
    kind = part.get("type")
    if kind in ("input_text", "output_text", "text", "summary_text", "reasoning_text", "refusal"):
        text = part.get("refusal" if kind == "refusal" else "text")
        if not isinstance(text, str):
            raise BadRequestError(f"A part of '{where}' has no text.", param=where)
        marker = {"cache_control": part["cache_control"]} if part.get("cache_control") else {}
        return {"type": "text", "text": text, **marker}
    if kind == "input_image" and isinstance(part.get("image_url"), str):
        detail = {"detail": part["detail"]} if part.get("detail") else {}
        return {"type": "image_url", "image_url": {"url": part["image_url"], **detail}}
    if kind == "input_file" and part.get("file_data"):
        names = ("file_data", "filename")
        return {"type": "file", "file": {name: part[name] for name in names if part.get(name)}}
    if kind in ("image_url", "input_audio"):
        return dict(part)
    raise unsupported(kind, where)


def text_of(content: Any, where: str, *, between: str = "") -> str:
    if isinstance(content, str):
        return content
    if any("text" not in part for part in content):
        raise BadRequestError(f"'{where}' may hold nothing but text.", param=where)
    return between.join(part["text"] for part in content)


def unsupported(kind: object, where: str) -> BadRequestError:
    why = "what it refers to is kept at OpenAI" if kind in ("item_reference", "compaction") else "it is not known here"
    return BadRequestError(f"'{where}' of type {str(kind)[:60]!r} cannot be served: {why}.", param=where)
