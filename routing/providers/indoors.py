"""The indoor form: what every dialect reads out of it."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from routing.providers.base import ProviderRejectedError

MUST_CALL = "You must answer by calling one of the tools you were given."
MUST_CALL_NAMED = "You must answer by calling the tool `{name}`."
LATE_SYSTEM = "<system_message>\n{text}\n</system_message>"
JSON_ONLY = "Answer with one JSON object and nothing else."
CONSUMED = frozenset({"model", "provider", "stream", "stream_options", "user", "n"})


def rejected(message: str) -> ProviderRejectedError:
    """A request that this dialect cannot carry; nothing was sent."""
    return ProviderRejectedError(message, kind="invalid_request", status=400, was_sent=False)


def refuse_several_choices(body: Mapping[str, Any], label: str) -> None:
    wanted = body.get("n")
    if wanted is not None and wanted != 1:
        raise rejected(f"{label} gives one choice per request: n is {wanted!r}, use 1 or leave it out")


def parts_of(content: object) -> Sequence[Mapping[str, Any]]:
    """Content as a list of parts, whichever of its forms it came in."""
    if content is None or content == "":
        return []
    if isinstance(content, str):
        return [{"type": "text", "text": content}]
    if not isinstance(content, list) or not all(isinstance(part, dict) for part in content):
        raise rejected("content is neither text nor a list of parts")
    return content


def text_of_part(part: Mapping[str, Any]) -> str | None:
    """The text of a part that is text of some kind, a replayed refusal included."""
    for name in ("text", "refusal"):
        if isinstance(part.get(name), str):
            return str(part[name])
    return None


def text_of(content: object) -> str:
    """All text of a content that may hold nothing else."""
    texts = [text_of_part(part) for part in parts_of(content)]
    if None in texts:
        raise rejected("only text is possible here")
    return "\n".join(text for text in texts if text)


def image_url(part: Mapping[str, Any]) -> str | None:
    """The address of an image part, as OpenAI's chat or Responses form has it."""
    if part.get("type") not in ("image_url", "input_image"):
        return None
    image = part.get("image_url")
    address = image.get("url") if isinstance(image, dict) else image
    if not isinstance(address, str):
        raise rejected("an image part without an address")
    return address


def tool_calls_of(message: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    calls = message.get("tool_calls") or []
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        raise rejected("tool_calls is not a list of calls")
    return [call for call in calls if isinstance(call.get("function"), dict)]


def arguments_of(function: Mapping[str, Any]) -> dict[str, Any]:
    """A call's arguments as an object. A model that wrote broken JSON must not end the conversation."""
    given = function.get("arguments")
    if isinstance(given, dict):
        return given
    if not given:
        return {}
    try:
        parsed = msgspec.json.decode(given)
    except (msgspec.DecodeError, TypeError):
        return {"invalid_json_arguments": str(given)}
    return parsed if isinstance(parsed, dict) else {"invalid_json_arguments": str(given)}


def functions_of(body: Mapping[str, Any], dropped: list[str]) -> Sequence[Mapping[str, Any]]:
    """The declared functions; tools of other kinds run nowhere but at OpenAI."""
    functions = []
    for tool in body.get("tools") or []:
        function = tool.get("function") if isinstance(tool, dict) else None
        if isinstance(function, dict) and isinstance(function.get("name"), str):
            functions.append(function)
        elif "tools" not in dropped:
            dropped.append("tools")
    return functions


def named_choice(choice: object) -> str | None:
    """The function that `tool_choice` insists on."""
    function = choice.get("function") if isinstance(choice, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    return name if isinstance(name, str) else None


def schema_of(response_format: object) -> Mapping[str, Any] | None:
    wanted = response_format.get("json_schema") if isinstance(response_format, dict) else None
    schema = wanted.get("schema") if isinstance(wanted, dict) else None
    return schema if isinstance(schema, dict) else None


def wants_usage(body: Mapping[str, Any]) -> bool:
    options = body.get("stream_options")
    return isinstance(options, dict) and bool(options.get("include_usage"))
