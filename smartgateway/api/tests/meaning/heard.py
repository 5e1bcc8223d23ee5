"""What an upstream is told, read out of a body in its own words; written without a look at our translations."""

import json
from collections.abc import Iterator
from typing import Any

from routing.providers.indoors import MUST_CALL, MUST_CALL_NAMED
from smartgateway.api.tests.meaning.wishes import SCHEMA, Late, User, Wish, described

Body = dict[str, Any]
Event = tuple[Any, ...]
OPENED, CLOSED = "<system_message>", "</system_message>"


class Meaning:
    """`dialogue` are events in order: lines of text by who said them, images, calls, results by number of call."""

    def __init__(self) -> None:
        self.system: list[str] = []
        self.dialogue: list[Event] = []
        self.tools: dict[str, tuple[str, Body]] = {}
        self.settings: Body = {}
        self._calls: dict[str, int] = {}
        self._numbers = 0

    def say(self, who: str, text: str) -> None:
        for line in lines_of(text):
            if line == OPENED:
                who, came_from = "late", who
            elif line == CLOSED:
                who = came_from
            else:
                self.dialogue.append((who, line))

    def show(self, image: str) -> None:
        self.dialogue.append(("image", image))

    def call(self, identity: str, name: str, arguments: Any) -> None:
        self._calls[identity] = self._numbers
        self.dialogue.append(("call", self._numbers, name, arguments))
        self._numbers += 1

    def result(self, identity: str, text: str) -> None:
        self.dialogue.append(("result", self._calls[identity], text))

    def ordered(self) -> list[Event]:
        """Where one side speaks, its images stand behind its texts; results stand in the order of the calls."""
        found: list[Event] = []
        for event in self.dialogue:
            at = len(found)
            while at and is_before(event, found[at - 1]):
                at -= 1
            found.insert(at, event)
        return found


def lines_of(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def is_before(event: Event, other: Event) -> bool:
    if event[0] == other[0] == "result":
        return bool(event[1] < other[1])
    return event[0] == "user" and other[0] == "image"


def meant(wish: Wish) -> Meaning:
    meaning = Meaning()
    meaning.system = [line for text in wish.system for line in lines_of(text)]
    meaning.tools = {name: (described(name), SCHEMA) for name in wish.tools}
    number = 0
    for turn in wish.turns:
        if isinstance(turn, Late):
            meaning.say("late", turn.text)
        elif isinstance(turn, User):
            for text in turn.texts:
                meaning.say("user", text)
            for image in turn.images:
                meaning.show(image)
        else:
            meaning.say("assistant", turn.text)
            for at, call in enumerate(turn.calls):
                meaning.call(f"{number}.{at}", call.name, call.arguments)
            for at, call in enumerate(turn.calls):
                meaning.result(f"{number}.{at}", call.result)
            number += 1
    meaning.settings = dict(wish.settings)
    return meaning


def by_claude(body: Body) -> Meaning:
    meaning = Meaning()
    system = body.get("system") or []
    blocks = [{"text": system}] if isinstance(system, str) else system
    meaning.system = [line for block in blocks for line in lines_of(block["text"])]
    meaning.tools = {tool["name"]: (tool["description"], tool["input_schema"]) for tool in body.get("tools", ())}
    for turn in body["messages"]:
        who, content = turn["role"], turn["content"]
        for block in [{"type": "text", "text": content}] if isinstance(content, str) else content:
            if block["type"] == "text":
                meaning.say("late" if who == "system" else who, block["text"])
            elif block["type"] == "image":
                meaning.show(block["source"]["data"])
            elif block["type"] == "tool_use":
                meaning.call(block["id"], block["name"], block["input"])
            else:
                meaning.result(block["tool_use_id"], texts_of(block.get("content", "")))
    config, choice = body.get("output_config", {}), body.get("tool_choice", {})
    kinds = {"any": "required", "tool": choice.get("name")}
    meaning.settings = {
        "max_tokens": body["max_tokens"],
        "stop": body.get("stop_sequences"),
        "schema": config.get("format", {}).get("schema"),
        "effort": config.get("effort"),
        "choice": kinds.get(choice.get("type"), choice.get("type")),
        "is_parallel": not choice.get("disable_parallel_tool_use", False),
    }
    return meaning


def texts_of(content: Any) -> str:
    return content if isinstance(content, str) else "\n".join(block["text"] for block in content)


def by_ollama(body: Body) -> Meaning:
    meaning = Meaning()
    meaning.tools = functions_of(body)
    for message, is_leading in with_leading(body["messages"]):
        if is_leading:
            meaning.system += lines_of(message["content"])
        elif message["role"] == "tool":
            meaning.result(message["tool_call_id"], message["content"])
        else:
            meaning.say("late" if message["role"] == "system" else message["role"], message["content"])
            for image in message.get("images", ()):
                meaning.show(image)
            for call in message.get("tool_calls", ()):
                meaning.call(call["id"], call["function"]["name"], call["function"]["arguments"])
    options = body["options"]
    meaning.settings = {
        "max_tokens": options.get("num_predict"),
        "temperature": options.get("temperature"),
        "stop": options.get("stop"),
        "schema": body.get("format"),
        "effort": body.get("think"),
    }
    return meaning


def by_compatible(body: Body) -> Meaning:
    meaning = Meaning()
    meaning.tools = functions_of(body)
    for message, is_leading in with_leading(body["messages"]):
        content = message.get("content") or ""
        parts = [{"type": "text", "text": content}] if isinstance(content, str) else content
        if is_leading:
            meaning.system += [line for part in parts for line in lines_of(part["text"])]
        elif message["role"] == "tool":
            meaning.result(message["tool_call_id"], texts_of(content))
        else:
            for part in parts:
                if part["type"] == "text":
                    meaning.say("late" if message["role"] == "system" else message["role"], part["text"])
                else:
                    meaning.show(part["image_url"]["url"].partition(",")[2])
            for call in message.get("tool_calls", ()):
                function = call["function"]
                meaning.call(call["id"], function["name"], json.loads(function["arguments"]))
    choice, shape = body.get("tool_choice"), body.get("response_format", {})
    meaning.settings = {
        "max_tokens": body.get("max_tokens"),
        "temperature": body.get("temperature"),
        "stop": body.get("stop"),
        "schema": shape.get("json_schema", {}).get("schema"),
        "effort": body.get("reasoning_effort"),
        "choice": choice["function"]["name"] if isinstance(choice, dict) else choice,
        "is_parallel": body.get("parallel_tool_calls", True),
    }
    return meaning


def functions_of(body: Body) -> dict[str, tuple[str, Body]]:
    functions = [tool["function"] for tool in body.get("tools", ())]
    return {function["name"]: (function["description"], function["parameters"]) for function in functions}


def with_leading(messages: list[Body]) -> Iterator[tuple[Body, bool]]:
    is_leading = True
    for message in messages:
        is_leading = is_leading and message["role"] == "system"
        yield message, is_leading


def asking_for_a_call(choice: str) -> str:
    return MUST_CALL if choice == "required" else MUST_CALL_NAMED.format(name=choice)
