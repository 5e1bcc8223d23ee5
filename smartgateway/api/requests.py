"""Chat completions requests as they come in: checked where the gateway reads them, kept whole for the provider."""

from collections.abc import Mapping
from typing import Any

from smartgateway.completions.errors import BadRequestError

MAX_MESSAGES = 10_000
ROLES = frozenset({"system", "developer", "user", "assistant", "tool", "function"})


def check_chat(data: object) -> dict[str, Any]:
    """The body of a chat completions request, or `BadRequestError` that names the member at fault."""
    if not isinstance(data, dict):
        raise BadRequestError("The body must be a JSON object.")
    check_model(data)
    check_member(data, "stream", bool)
    check_member(data, "stream_options", dict)
    check_messages(data.get("messages"))
    check_tools(data.get("tools"))
    return data


def check_model(data: Mapping[str, Any]) -> None:
    """Stands in the record and in headers, so that it may hold only what these can."""
    model = data.get("model")
    if model is not None and not (isinstance(model, str) and model.isprintable()):
        raise BadRequestError("'model' must be a string of printable characters.", param="model", code="invalid_type")


def check_member(data: Mapping[str, Any], name: str, kind: type) -> None:
    value = data.get(name)
    if value is not None and not isinstance(value, kind):
        raise BadRequestError(f"'{name}' must be {WORDS[kind]}.", param=name, code="invalid_type")


WORDS = {str: "a string", bool: "true or false", dict: "an object", list: "a list"}


def check_messages(messages: object) -> None:
    if not isinstance(messages, list):
        raise BadRequestError("'messages' must be a list of messages.", param="messages", code="invalid_type")
    if not messages:
        raise BadRequestError("'messages' is empty.", param="messages")
    if len(messages) > MAX_MESSAGES:
        raise BadRequestError(
            f"'messages' has {len(messages):,} entries; at most {MAX_MESSAGES:,} are allowed.",
            param="messages",
            code="too_many_messages",
        )
    answered: set[str] = set()  # calls of the turn before
    for index, message in enumerate(messages):
        check_message(message, f"messages[{index}]")
        if message["role"] == "tool":
            check_new(message.get("tool_call_id"), answered, f"messages[{index}].tool_call_id")
        elif answered:
            answered.clear()


def check_message(message: object, where: str) -> None:
    if not isinstance(message, dict):
        raise BadRequestError(f"'{where}' must be an object.", param=where, code="invalid_type")
    role = message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise BadRequestError(f"'{where}.role' must be one of {', '.join(sorted(ROLES))}.", param=f"{where}.role")
    content = message.get("content")
    if isinstance(content, list):
        if not all(isinstance(part, dict) and isinstance(part.get("type"), str) for part in content):
            raise BadRequestError(f"Each part of '{where}.content' must be an object with a type.", param=where)
    elif content is not None and not isinstance(content, str):
        raise BadRequestError(f"'{where}.content' must be a string or a list of parts.", param=where)
    calls = message.get("tool_calls")
    if calls is not None:
        check_calls(calls, where)


def check_calls(calls: object, where: str) -> None:
    if not isinstance(calls, list) or not all(is_tool_call(call) for call in calls):
        raise BadRequestError(f"'{where}.tool_calls' must be a list of function calls.", param=where)
    known: set[str] = set()
    for call in calls:
        check_new(call.get("id"), known, where)


def check_new(identity: object, known: set[str], where: str) -> None:
    """Within a turn an id names one call, and one result; a later turn may use it again, as some servers do."""
    if not isinstance(identity, str) or not identity:
        return
    if identity in known:
        raise BadRequestError(f"'{where}' has the tool call id {identity[:80]!r} a second time.", param=where)
    known.add(identity)


def is_tool_call(call: object) -> bool:
    return isinstance(call, dict) and isinstance(call.get("function"), dict)


def check_tools(tools: object) -> None:
    if tools is None:
        return
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise BadRequestError("'tools' must be a list of objects.", param="tools", code="invalid_type")
    for index, tool in enumerate(tools):
        function = tool.get("function")
        if tool.get("type") == "function" and not (
            isinstance(function, dict) and isinstance(function.get("name"), str)
        ):
            raise BadRequestError(f"'tools[{index}].function' must have a name.", param=f"tools[{index}].function")
