"""Indoor form to a body of `/api/chat`. https://docs.ollama.com/api/chat"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from routing.providers import indoors, nested
from routing.providers.base import Call
from routing.providers.indoors import rejected

AS_OPTIONS = {
    "temperature": "temperature",
    "top_p": "top_p",
    "top_k": "top_k",
    "min_p": "min_p",
    "seed": "seed",
    "presence_penalty": "presence_penalty",
    "frequency_penalty": "frequency_penalty",
}
TRANSLATED = {
    *AS_OPTIONS,
    "messages",
    "tools",
    "tool_choice",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "response_format",
    "reasoning_effort",
}
ROLES = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
    "function": "tool",
}
IMAGE_STARTS = ("/9j/", "iVBOR", "UklGR")  # of JPEG, PNG and WebP in base64
NO_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {}}


@dataclass(slots=True)
class Request:
    """A body, the tools declared in it, and what of the client's request it does not carry."""

    body: dict[str, Any]
    tool_names: frozenset[str] = frozenset()
    dropped: list[str] = field(default_factory=list)

    @property
    def characters(self) -> int:
        """What was sent as text, runs of white space counted once: an indentation is one token."""
        return sum(len(" ".join(message["content"].split())) for message in self.body["messages"])


def build(call: Call, *, num_ctx: int, keep_alive: str, thinks: bool, sees: bool = True) -> Request:
    body = call.body
    indoors.refuse_several_choices(body, "the local model")
    dropped = [name for name in body if not is_carried(name, body[name])]
    messages = [message for given in body.get("messages") or [] for message in translated(given)]
    if not sees and any("images" in message for message in messages):
        raise rejected(f"{call.model} cannot look at images")
    name_results(messages)
    tools = tools_of(body, messages, dropped)
    sent: dict[str, Any] = {
        "model": call.model,
        "messages": messages,
        "stream": True,
        "truncate": False,  # otherwise the oldest messages are cut away without a word
        "shift": False,
        "keep_alive": kept_alive(keep_alive),
        "options": {"num_ctx": num_ctx, **options_of(body)},
    }
    if tools:
        sent["tools"] = tools
    if (shape := format_of(body, messages, dropped)) is not None:
        sent["format"] = shape
    if (effort := body.get("reasoning_effort")) is not None:
        if thinks:
            sent["think"] = thought_of(effort, call.model)
        elif effort not in ("none", "minimal"):
            dropped.append("reasoning_effort")
    dropped += dict.fromkeys(nested.lost_in(body.get("messages") or ()))
    return Request(sent, frozenset(tool["function"]["name"] for tool in tools), dropped)


def is_carried(name: str, value: object) -> bool:
    """Nothing holds the server back from calls in parallel."""
    if name in TRANSLATED or name in indoors.CONSUMED or value is None:
        return True
    return name == "parallel_tool_calls" and value is True


def kept_alive(keep_alive: str) -> int | str:
    """A number is one of seconds."""
    return int(keep_alive) if keep_alive.lstrip("-").isdigit() else keep_alive


def options_of(body: Mapping[str, Any]) -> dict[str, Any]:
    options = {ours: body[theirs] for theirs, ours in AS_OPTIONS.items() if body.get(theirs) is not None}
    limit = body.get("max_completion_tokens")
    limit = body.get("max_tokens") if limit is None else limit
    if limit is not None:
        options["num_predict"] = limit
    stop = body.get("stop")
    if stop:
        options["stop"] = [stop] if isinstance(stop, str) else stop
    return options


def thought_of(effort: object, model: str) -> bool | str:
    """gpt-oss knows levels only and cannot stop thinking; for others it is on or off."""
    if "gpt-oss" in model:
        return effort if effort in ("low", "medium", "high") else "low" if effort in ("none", "minimal") else "high"
    return effort not in ("none", "minimal")


def translated(message: object) -> list[dict[str, Any]]:
    if not isinstance(message, dict) or message.get("role") not in ROLES:
        raise rejected("a message without a role that is known")
    role = ROLES[message["role"]]
    texts: list[str] = []
    images: list[str] = []
    for part in indoors.parts_of(message.get("content")):
        if (text := indoors.text_of_part(part)) is not None:
            texts.append(text)
        elif (address := indoors.image_url(part)) is not None:
            images.append(bare_base64(address))
        else:
            raise rejected(f"the local model takes text and images, not {part.get('type')!r}")
    sent: dict[str, Any] = {"role": role, "content": "\n".join(texts)}
    if images:
        sent["images"] = images
    if role == "assistant" and (calls := indoors.tool_calls_of(message)):
        sent["tool_calls"] = [translated_call(call) for call in calls]
    if role == "tool":
        sent["tool_name"] = str(message.get("name") or "")
        sent["tool_call_id"] = str(message.get("tool_call_id") or "")
    return [sent]


def translated_call(call: Mapping[str, Any]) -> dict[str, Any]:
    function = call["function"]
    name = str(function.get("name") or "")
    return {"id": str(call.get("id") or ""), "function": {"name": name, "arguments": indoors.arguments_of(function)}}


def name_results(messages: list[dict[str, Any]]) -> None:
    """A result names its tool here, where OpenAI only knows the call's id."""
    names: dict[str, str] = {}
    for message in messages:
        for call in message.get("tool_calls", ()):
            names[call["id"]] = call["function"]["name"]
        if message["role"] == "tool":
            message["tool_name"] = message["tool_name"] or names.get(message["tool_call_id"], "")


def bare_base64(address: str) -> str:
    head, comma, data = address.partition(",")
    if not head.startswith("data:") or not head.endswith(";base64") or not comma:
        raise rejected("the local model takes images as data, not as an address: the gateway fetches nothing")
    if not data.startswith(IMAGE_STARTS):
        raise rejected("the local model takes images that are JPEG, PNG or WebP")
    return data


def tools_of(body: Mapping[str, Any], messages: list[dict[str, Any]], dropped: list[str]) -> list[dict[str, Any]]:
    """The tools to declare. A call cannot be forced here: it is asked for, and the choice is named as dropped."""
    functions = indoors.functions_of(body, dropped)
    choice = body.get("tool_choice")
    if choice == "none" or not functions:
        return []
    name = indoors.named_choice(choice)
    if name is not None:
        functions = [function for function in functions if function["name"] == name]
        if not functions:
            raise rejected(f"tool_choice names {name!r}, which is not declared")
    if name is not None or choice == "required":
        dropped.append("tool_choice")
        add_instruction(messages, indoors.MUST_CALL_NAMED.format(name=name) if name else indoors.MUST_CALL)
    if any(function.get("strict") is True for function in functions):
        dropped.append("tools.strict")
    return [{"type": "function", "function": declared(function)} for function in functions]


def declared(function: Mapping[str, Any]) -> dict[str, Any]:
    parameters = function.get("parameters") or NO_PARAMETERS
    return {"name": function["name"], "description": function.get("description") or "", "parameters": parameters}


def format_of(body: Mapping[str, Any], messages: list[dict[str, Any]], dropped: list[str]) -> Any:
    wanted = body.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_schema" and (schema := indoors.schema_of(wanted)) is not None:
        return schema
    if kind == "json_object":
        add_instruction(messages, indoors.JSON_ONLY)  # else a model may write white space without end
        return "json"
    if kind not in (None, "text"):
        dropped.append("response_format")
    return None


def add_instruction(messages: list[dict[str, Any]], sentence: str) -> None:
    """To the end of the leading system text, or as one."""
    leading = next((at for at, message in enumerate(messages) if message["role"] != "system"), len(messages))
    if leading:
        last = messages[leading - 1]
        last["content"] = f"{last['content']}\n\n{sentence}"
    else:
        messages.insert(0, {"role": "system", "content": sentence})
