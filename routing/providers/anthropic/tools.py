"""Tools and the choice among them."""

from collections.abc import Iterable, Mapping
from typing import Any

from routing.providers import indoors
from routing.providers.anthropic.blocks import Markers
from routing.providers.anthropic.models import Traits
from routing.providers.anthropic.naming import ToolNames
from routing.providers.anthropic.schemas import closed, input_schema
from routing.providers.indoors import rejected

MOST_STRICT_TOOLS = 20


def declared(body: Mapping[str, Any], names: ToolNames, markers: Markers, dropped: list[str]) -> list[dict[str, Any]]:
    tools = []
    strict = 0
    for function in indoors.functions_of(body, dropped):
        if function["name"] in names:
            raise rejected(f"the tool {function['name']!r} is declared twice")
        schema = input_schema(function.get("parameters"))
        tool = {"name": names.safe(function["name"]), "input_schema": schema, **markers.of(function)}
        if isinstance(function.get("description"), str) and function["description"]:
            tool["description"] = function["description"]
        if function.get("strict") is True:
            if strict < MOST_STRICT_TOOLS and closed(schema) == schema:
                tool["strict"] = True
                strict += 1
            elif "tools.strict" not in dropped:
                dropped.append("tools.strict")
        tools.append(tool)
    return tools


def choose(
    sent: dict[str, Any],
    body: Mapping[str, Any],
    tools: list[dict[str, Any]],
    called: Iterable[str],
    names: ToolNames,
    traits: Traits,
    dropped: list[str],
) -> list[str]:
    """Put tools and choice in; the sentences to add where a model cannot be forced."""
    if not tools:
        if history := [{"name": names.safe(name), "input_schema": input_schema(None)} for name in called]:
            sent |= {"tools": history, "tool_choice": {"type": "none"}}  # past calls must be of declared tools
        return []
    sent["tools"] = tools
    wanted, sentences = body.get("tool_choice"), []
    choice: dict[str, Any] = {"type": "none" if wanted == "none" else "auto"}
    name = indoors.named_choice(wanted)
    if name is not None and name not in names:
        raise rejected(f"tool_choice names {name!r}, which is not declared")
    if name is not None or wanted == "required":
        if traits.can_force_tools:
            choice = {"type": "tool", "name": names.safe(name)} if name is not None else {"type": "any"}
        else:
            sentences.append(indoors.MUST_CALL_NAMED.format(name=names.safe(name)) if name else indoors.MUST_CALL)
            dropped.append("tool_choice")
    if body.get("parallel_tool_calls") is False and choice["type"] != "none":
        choice["disable_parallel_tool_use"] = True
    if choice != {"type": "auto"}:
        sent["tool_choice"] = choice
    return sentences
