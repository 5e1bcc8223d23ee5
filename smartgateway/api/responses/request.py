"""A Responses request in indoor form."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from smartgateway.api.requests import MAX_MESSAGES, check_member, check_model
from smartgateway.api.responses.items import Conversation
from smartgateway.api.responses.toolbox import Toolbox, choice_of, hosted_error
from smartgateway.completions.errors import BadRequestError

KINDS: dict[str, type] = {
    "stream": bool,
    "instructions": str,
    "text": dict,
    "reasoning": dict,
    "include": list,
    "metadata": dict,
    "user": str,
    "parallel_tool_calls": bool,
    "store": bool,
    "background": bool,
}
NEEDS_STATE = ("previous_response_id", "conversation", "prompt", "background", "store")
READ = {"input", "instructions", "text", "reasoning", "tools", "tool_choice", "max_output_tokens", "metadata", "stream"}
NOT_CARRIED = {  # of OpenAI's own service
    "include",
    "truncation",
    "top_logprobs",
    "max_tool_calls",
    "context_management",
    "prompt_cache_options",
    "prompt_cache_retention",
    "moderation",
    "access_programs",
    "background_options",
    "image",
}
DEFAULTS = {"truncation": "disabled", "include": [], "background": False, "store": False}
TEXT_FORMATS = ("text", "json_object", "json_schema")


@dataclass(frozen=True, slots=True)
class Incoming:
    """`body` is in indoor form; `dropped` names what no provider is told."""

    body: dict[str, Any]
    toolbox: Toolbox
    dropped: tuple[str, ...]


def incoming(data: Any) -> Incoming:
    """Raises `BadRequestError` that names the member at fault."""
    if not isinstance(data, dict):
        raise BadRequestError("The body must be a JSON object.")
    check_model(data)
    for name, kind in KINDS.items():
        check_member(data, name, kind)
    refuse_state(data)
    toolbox = Toolbox()
    toolbox.declare(data.get("tools"))
    conversation = conversation_of(data, toolbox)
    choice = choice_of(data.get("tool_choice"), toolbox)
    dropped = conversation.dropped + not_carried(data)
    dropped += [f"tools.{kind}" for kind in without_hosted(toolbox)]
    body = {name: value for name, value in data.items() if name not in READ | NOT_CARRIED | {*NEEDS_STATE}}
    body |= {"messages": conversation.messages, **tools_of(toolbox, choice), **text_of(data.get("text") or {})}
    if not toolbox.functions:
        body.pop("parallel_tool_calls", None)
    if data.get("max_output_tokens") is not None:
        body["max_tokens"] = data["max_output_tokens"]
    if effort := (data.get("reasoning") or {}).get("effort"):
        body["reasoning_effort"] = effort
    if data.get("stream"):
        body |= {"stream": True, "stream_options": {"include_usage": True}}
    return Incoming(body, toolbox, tuple(dict.fromkeys(dropped)))


def refuse_state(data: Mapping[str, Any]) -> None:
    for name in NEEDS_STATE:
        if data.get(name):
            raise BadRequestError(
                f"'{name}' needs a store of earlier responses, which this gateway does not keep: send the whole "
                "conversation as 'input', with 'store': false.",
                code="unsupported_parameter",
                param=name,
            )
    if data.get("messages") is not None:
        raise BadRequestError("'messages' belongs to chat completions: send 'input'.", param="messages")


def conversation_of(data: Mapping[str, Any], toolbox: Toolbox) -> Conversation:
    given = data.get("input")
    if not isinstance(given, str | list):
        raise BadRequestError("'input' must be a string or a list of items.", param="input", code="invalid_type")
    if len(given) > MAX_MESSAGES and isinstance(given, list):
        raise BadRequestError(
            f"'input' has {len(given):,} items; at most {MAX_MESSAGES:,} are allowed.",
            param="input",
            code="too_many_messages",
        )
    conversation = Conversation(toolbox)
    if data.get("instructions"):
        conversation.messages.append({"role": "system", "content": data["instructions"]})
    conversation.read([{"role": "user", "content": given}] if isinstance(given, str) else given)
    if not any(message["content"] or message.get("tool_calls") for message in conversation.messages):
        raise BadRequestError("'input' is empty.", param="input")
    return conversation


def not_carried(data: Mapping[str, Any]) -> list[str]:
    return [name for name in data if name in NOT_CARRIED and data[name] not in (None, DEFAULTS.get(name))]


def without_hosted(toolbox: Toolbox) -> list[str]:
    """Beside tools that can be called, one of OpenAI's own is left out; alone it is what the request is about."""
    if toolbox.hosted and not toolbox.functions:
        raise hosted_error(toolbox.hosted[0], "tools")
    return toolbox.hosted


def tools_of(toolbox: Toolbox, choice: object) -> dict[str, Any]:
    if not toolbox.functions:
        return {}
    return {"tools": toolbox.functions, **({"tool_choice": choice} if choice is not None else {})}


def text_of(text: Mapping[str, Any]) -> dict[str, Any]:
    """Chat wraps the schema once more than `text.format` does."""
    found: dict[str, Any] = {"verbosity": text["verbosity"]} if text.get("verbosity") else {}
    wanted = text.get("format")
    if wanted is None:
        return found
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind not in TEXT_FORMATS:
        raise BadRequestError(f"'text.format.type' must be one of {', '.join(TEXT_FORMATS)}.", param="text.format")
    if kind == "json_schema":
        if not isinstance(wanted.get("schema"), dict):
            raise BadRequestError("'text.format.schema' must be a JSON schema.", param="text.format")
        wrapped = {name: value for name, value in wanted.items() if name != "type"}
        return {**found, "response_format": {"type": kind, "json_schema": {"name": "answer", **wrapped}}}
    return {**found, "response_format": {"type": kind}} if kind == "json_object" else found
