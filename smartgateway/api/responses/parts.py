"""Output items while they are written: each knows its events and, at any moment, itself."""

from collections.abc import Iterator
from typing import Any

from smartgateway.api.responses.output import call_item, message_item, reasoning_item, refusal_part, text_part
from smartgateway.api.responses.toolbox import Toolbox

Event = dict[str, Any]


def added(place: int, item: Event) -> Event:
    return {"type": "response.output_item.added", "output_index": place, "item": item}


def done(place: int, item: Event) -> Event:
    return {"type": "response.output_item.done", "output_index": place, "item": item}


class Message:
    """Text, and after it perhaps a refusal, as parts of one message."""

    def __init__(self, identity: str, place: int) -> None:
        self._id = f"msg_{identity}" if place == 0 else f"msg_{identity}_{place}"
        self._place = place
        self._parts: list[tuple[str, list[str]]] = []

    def begin(self) -> Iterator[Event]:
        yield added(self._place, message_item(self._id, [], "in_progress"))

    def write(self, name: str, text: str) -> Iterator[Event]:
        if not self._parts or self._parts[-1][0] != name:
            yield from self._close_part()
            self._parts.append((name, []))
            yield self._of_part("response.content_part.added", part=part_of(name, ""))
        self._parts[-1][1].append(text)
        if name == "content":
            yield self._of_part("response.output_text.delta", delta=text, logprobs=[])
        else:
            yield self._of_part("response.refusal.delta", delta=text)

    def end(self, status: str) -> Iterator[Event]:
        yield from self._close_part()
        yield done(self._place, self.item(status))

    def item(self, status: str) -> Event:
        return message_item(self._id, [part_of(name, "".join(texts)) for name, texts in self._parts], status)

    def _close_part(self) -> Iterator[Event]:
        if not self._parts:
            return
        name, texts = self._parts[-1]
        text = "".join(texts)
        if name == "content":
            yield self._of_part("response.output_text.done", text=text, logprobs=[])
        else:
            yield self._of_part("response.refusal.done", refusal=text)
        yield self._of_part("response.content_part.done", part=part_of(name, text))

    def _of_part(self, kind: str, **members: Any) -> Event:
        where = {"item_id": self._id, "output_index": self._place, "content_index": len(self._parts) - 1}
        return {"type": kind, **where, **members}


def part_of(name: str, text: str) -> Event:
    return text_part(text) if name == "content" else refusal_part(text)


class Reasoning:
    """What the model lets see of its thinking, as a summary of one part."""

    def __init__(self, identity: str, place: int) -> None:
        self._id = f"rs_{identity}" if place == 0 else f"rs_{identity}_{place}"
        self._place = place
        self._texts: list[str] = []

    def begin(self) -> Iterator[Event]:
        yield added(self._place, reasoning_item(self._id, "", "in_progress"))
        yield self._of_summary("response.reasoning_summary_part.added", part=summary_part(""))

    def write(self, name: str, text: str) -> Iterator[Event]:
        self._texts.append(text)
        yield self._of_summary("response.reasoning_summary_text.delta", delta=text)

    def end(self, status: str) -> Iterator[Event]:
        text = "".join(self._texts)
        yield self._of_summary("response.reasoning_summary_text.done", text=text)
        yield self._of_summary("response.reasoning_summary_part.done", part=summary_part(text))
        yield done(self._place, self.item(status))

    def item(self, status: str) -> Event:
        return reasoning_item(self._id, "".join(self._texts), status)

    def _of_summary(self, kind: str, **members: Any) -> Event:
        return {"type": kind, "item_id": self._id, "output_index": self._place, "summary_index": 0, **members}


def summary_part(text: str) -> Event:
    return {"type": "summary_text", "text": text}


class Call:
    """A function's arguments are passed on as they come; what has another form outside can be told only when whole."""

    def __init__(self, toolbox: Toolbox, identity: str, place: int, call_id: str, name: str) -> None:
        self._id = f"fc_{identity}_{place}"
        self._toolbox = toolbox
        self._place = place
        self._call_id = call_id
        self._name = name
        self._arguments: list[str] = []
        self._is_function = toolbox.origin(name).kind == "function"

    def begin(self) -> Iterator[Event]:
        if self._is_function:
            yield added(self._place, self._item("", "in_progress"))

    def write(self, arguments: str) -> Iterator[Event]:
        self._arguments.append(arguments)
        if self._is_function:
            yield self._of_call("response.function_call_arguments.delta", delta=arguments)

    def end(self, status: str) -> Iterator[Event]:
        if not self._arguments:
            yield from self.write("{}")
        item = self.item(status)
        if not self._is_function:
            yield added(self._place, self._empty(item))
            yield from self._written(item)
        if item["type"] == "function_call":
            yield self._of_call("response.function_call_arguments.done", arguments=item["arguments"])
        elif item["type"] == "custom_tool_call":
            yield self._of_call("response.custom_tool_call_input.done", input=item["input"])
        yield done(self._place, item)

    def item(self, status: str) -> Event:
        return self._item("".join(self._arguments), status)

    def _item(self, arguments: str, status: str) -> Event:
        return call_item(self._toolbox, self._id, self._call_id, self._name, arguments, status)

    def _written(self, item: Event) -> Iterator[Event]:
        if item["type"] == "custom_tool_call":
            yield self._of_call("response.custom_tool_call_input.delta", delta=item["input"])
        elif item["type"] == "function_call":
            yield self._of_call("response.function_call_arguments.delta", delta=item["arguments"])

    def _empty(self, item: Event) -> Event:
        texts = {"input", "arguments"} & item.keys()
        return {**item, **dict.fromkeys(texts, ""), "status": "in_progress"}

    def _of_call(self, kind: str, **members: Any) -> Event:
        return {"type": kind, "item_id": self._id, "output_index": self._place, **members}
