"""Tools of the Responses API: each becomes a function indoors, and its calls become themselves again."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import msgspec

from smartgateway.api.requests import check_member
from smartgateway.completions.errors import BadRequestError

Tool = Mapping[str, Any]
FREE_TEXT = {
    "type": "object",
    "properties": {"input": {"type": "string", "description": "The whole input of the tool, as free text."}},
    "required": ["input"],
    "additionalProperties": False,
}
LOCAL_SHELL: dict[str, Any] = {
    "name": "local_shell",
    "description": "Runs a command on the user's machine and returns what it printed.",
    "parameters": {
        "type": "object",
        "properties": {
            "command": {"type": "array", "items": {"type": "string"}, "description": "The program and its arguments."},
            "working_directory": {"type": "string"},
            "timeout_ms": {"type": "integer"},
            "env": {"type": "object", "additionalProperties": {"type": "string"}},
        },
        "required": ["command"],
    },
}


class Origin(NamedTuple):
    """What a function was declared as: `kind` is function, custom or local_shell."""

    kind: str
    name: str
    namespace: str = ""


@dataclass(slots=True)
class Toolbox:
    """`origins` knows the functions whose calls look different outside; `hosted` the tools that run at OpenAI only."""

    functions: list[dict[str, Any]] = field(default_factory=list)
    origins: dict[str, Origin] = field(default_factory=dict)
    hosted: list[str] = field(default_factory=list)

    def declare(self, tools: object) -> None:
        if tools is None:
            return
        if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
            raise BadRequestError("'tools' must be a list of objects.", param="tools", code="invalid_type")
        for tool in tools:
            self._declare(tool)

    def _declare(self, tool: Tool, namespace: str = "") -> None:
        kind = tool.get("type") or "function"
        if kind == "namespace":
            check_member(tool, "tools", list)
            for inner in tool.get("tools") or ():
                if not isinstance(inner, dict):
                    raise BadRequestError("Each tool of a namespace must be an object.", param="tools")
                self._declare(inner, name_of(tool))
        elif kind == "local_shell":
            self._add(LOCAL_SHELL, Origin(kind, kind))
        elif kind == "custom":
            custom = {"name": name_of(tool), "description": description_of(tool), "parameters": FREE_TEXT}
            self._add(custom, Origin(kind, name_of(tool), namespace))
        elif kind == "function" or "input_schema" in tool:
            self._add(function_of(tool), Origin("function", name_of(tool), namespace))
        else:
            self.hosted.append(str(kind))

    def _add(self, function: dict[str, Any], origin: Origin) -> None:
        name = indoor_name(origin.name, origin.namespace)
        self.functions.append({"type": "function", "function": {**function, "name": name}})
        if origin.kind != "function" or origin.namespace:
            self.origins[name] = origin

    def keep(self, names: set[str]) -> None:
        self.functions = [tool for tool in self.functions if tool["function"]["name"] in names]

    def origin(self, name: str) -> Origin:
        return self.origins.get(name) or Origin("function", name)


def indoor_name(name: str, namespace: object = "") -> str:
    return f"{namespace}__{name}" if namespace else name


def name_of(tool: Tool) -> str:
    """Of a flat tool, or of one in chat form."""
    inner = tool.get("function")
    name = (inner if isinstance(inner, dict) else tool).get("name")
    if not isinstance(name, str) or not name:
        raise BadRequestError("Each tool must have a name.", param="tools")
    return name


def function_of(tool: Tool) -> dict[str, Any]:
    """Flat, nested as in chat, or with Anthropic's `input_schema`."""
    inner = tool.get("function")
    given: Tool = inner if isinstance(inner, dict) else tool
    function = {name: given[name] for name in ("description", "strict") if given.get(name) is not None}
    parameters = given.get("parameters") or given.get("input_schema")
    if parameters is not None:
        if not isinstance(parameters, dict):
            raise BadRequestError("The parameters of a tool must be a JSON schema.", param="tools")
        function["parameters"] = parameters
    if tool.get("cache_control"):
        function["cache_control"] = tool["cache_control"]
    return function


def description_of(tool: Tool) -> str:
    """A grammar cannot be enforced here, so the model is told of it."""
    said = str(tool.get("description") or "")
    shape = tool.get("format")
    if isinstance(shape, dict) and shape.get("definition"):
        said += f"\n\nThe input follows this grammar ({shape.get('syntax', 'lark')}):\n{shape['definition']}"
    return said.strip()


def choice_of(choice: object, toolbox: Toolbox) -> object:
    """`tool_choice` in chat form; one that insists on what cannot be called here is refused."""
    if choice is None or choice in ("auto", "none", "required"):
        return choice
    if not isinstance(choice, dict):
        raise BadRequestError("'tool_choice' must be auto, none, required or an object.", param="tool_choice")
    kind = choice.get("type")
    if kind == "allowed_tools":
        toolbox.keep(allowed(choice.get("tools")))
        return "required" if choice.get("mode") == "required" else "auto"
    if kind not in ("function", "custom", "local_shell"):
        raise hosted_error(str(kind), "tool_choice")
    name = "local_shell" if kind == "local_shell" else indoor_name(name_of(choice), choice.get("namespace"))
    if not any(tool["function"]["name"] == name for tool in toolbox.functions):
        raise BadRequestError(f"'tool_choice' names {name!r}, which is not declared.", param="tool_choice")
    return {"type": "function", "function": {"name": name}}


def allowed(tools: object) -> set[str]:
    if not isinstance(tools, list) or not all(isinstance(tool, dict) for tool in tools):
        raise BadRequestError("'tool_choice.tools' must be a list of tools.", param="tool_choice")
    kinds = ("function", "custom")
    return {
        indoor_name(name_of(tool), tool.get("namespace")) if tool.get("type") in kinds else str(tool.get("type"))
        for tool in tools
    }


def hosted_error(kind: str, param: str) -> BadRequestError:
    return BadRequestError(
        f"The tool {kind!r} runs at OpenAI only; this gateway calls functions, custom tools and local_shell.",
        code="unsupported_tool",
        param=param,
    )


def input_of(arguments: str) -> str:
    """The free text of a custom tool's call; what is not of the asked form is handed on as it is."""
    try:
        given = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return arguments
    text = given.get("input") if isinstance(given, dict) else None
    return text if isinstance(text, str) else arguments


def shell_action(arguments: str) -> dict[str, Any] | None:
    """None when the model did not write a command."""
    try:
        given = msgspec.json.decode(arguments)
    except msgspec.DecodeError:
        return None
    command = given.get("command") if isinstance(given, dict) else None
    if not isinstance(command, list) or not all(isinstance(word, str) for word in command):
        return None
    names = ("working_directory", "timeout_ms")
    known = {name: given[name] for name in names if given.get(name) is not None}
    return {"type": "exec", "command": command, "env": given.get("env") or {}, **known}
