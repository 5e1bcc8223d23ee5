"""Chat's custom tools, which take free text: functions of one text to a model, themselves again to the client."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from routing.providers.base import ChatCompletion, ChatCompletionChunk
from smartgateway.api.responses.toolbox import input_of
from smartgateway.api.sse import ChatRenderer
from smartgateway.completions.errors import BadRequestError

Entry = Mapping[str, Any]
encode = msgspec.json.Encoder().encode


def is_custom(entry: object) -> bool:
    """A tool, a call or a choice in chat form."""
    return isinstance(entry, dict) and entry.get("type") == "custom" and isinstance(entry.get("custom"), dict)


def has_custom_call(message: Entry) -> bool:
    calls = message.get("tool_calls")
    return isinstance(calls, list) and any(is_custom(call) for call in calls)


def flattened(tool: Entry) -> Entry:
    """As the Responses API declares it; chat wraps the grammar once more."""
    custom = tool["custom"]
    shape = custom.get("format")
    grammar = shape.get("grammar") if isinstance(shape, dict) else None
    return {**custom, "type": "custom", **({"format": grammar} if isinstance(grammar, dict) else {})}


def function_calls(message: Entry, where: str) -> dict[str, Any]:
    return {**message, "tool_calls": [function_call(call, where) for call in message["tool_calls"]]}


def function_call(call: Any, where: str) -> Any:
    if not is_custom(call):
        return call
    name, text = call["custom"].get("name"), call["custom"].get("input")
    if not isinstance(name, str) or not isinstance(text, str):
        raise BadRequestError(f"A custom call of '{where}' must have a name and its input as strings.", param=where)
    function = {"name": name, "arguments": encode({"input": text}).decode()}
    return {"id": call.get("id"), "type": "function", "function": function}


def custom_call(call: Entry) -> dict[str, Any]:
    function = call["function"]
    named = {"name": function["name"], "input": input_of(function.get("arguments") or "")}
    return {**{name: call[name] for name in ("index", "id") if name in call}, "type": "custom", "custom": named}


def with_custom_calls(completion: ChatCompletion, names: frozenset[str]) -> ChatCompletion:
    for choice in completion["choices"]:
        said = choice["message"]
        if calls := said.get("tool_calls"):
            said["tool_calls"] = [custom_call(call) if call["function"]["name"] in names else call for call in calls]
    return completion


class CustomCallsRenderer(ChatRenderer):
    """A custom call's text is known only when all of it is there: it goes out in one piece before the end."""

    def __init__(self, names: frozenset[str], *, include_usage: bool) -> None:
        super().__init__(include_usage=include_usage)
        self._names = names
        self._held: dict[int, dict[str, Any]] = {}

    def chunk(self, chunk: ChatCompletionChunk) -> bytes:
        return b"".join(super(CustomCallsRenderer, self).chunk(each) for each in self._chunks(chunk))

    def _chunks(self, chunk: ChatCompletionChunk) -> Iterator[ChatCompletionChunk]:
        choices = chunk.get("choices")
        if not choices:
            yield chunk
            return
        delta = choices[0].get("delta") or {}
        if calls := delta.get("tool_calls"):
            passed = [call for call in calls if not self._holds(call)]
            delta = {name: value for name, value in delta.items() if name != "tool_calls" or passed}
            delta |= {"tool_calls": passed} if passed else {}
        if choices[0].get("finish_reason") is not None and self._held:
            ready = [custom_call(call) for call in self._held.values()]
            self._held = {}
            yield {**chunk, "choices": [{**choices[0], "delta": {"tool_calls": ready}, "finish_reason": None}]}
        if delta or not calls or choices[0].get("finish_reason") is not None:
            yield {**chunk, "choices": [{**choices[0], "delta": delta}]}

    def _holds(self, fragment: Entry) -> bool:
        function = fragment.get("function") or {}
        index = fragment.get("index", len(self._held))
        if function.get("name") in self._names and index not in self._held:
            self._held[index] = {**fragment, "index": index, "function": {"arguments": "", **function}}
            return True
        if index in self._held:
            self._held[index]["function"]["arguments"] += function.get("arguments") or ""
            return True
        return False
