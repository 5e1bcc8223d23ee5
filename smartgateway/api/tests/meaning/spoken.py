"""A wish in the words of each API that a client may speak."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from smartgateway.api.tests.meaning.wishes import PNG, SCHEMA, Assistant, Late, User, Wish, described

Body = dict[str, Any]


def kind_of(image: str) -> str:
    return "image/png" if image == PNG else "image/jpeg"


def address(image: str) -> str:
    return f"data:{kind_of(image)};base64,{image}"


def renamed(settings: Body, names: dict[str, str]) -> Body:
    return {names[name]: value for name, value in settings.items() if name in names}


def as_chat(wish: Wish) -> Body:
    given = wish.settings
    body = {"messages": [*({"role": "system", "content": text} for text in wish.system), *chat_messages(wish)]}
    names = {"max_tokens": "max_tokens", "temperature": "temperature", "stop": "stop", "effort": "reasoning_effort"}
    body |= renamed(given, {**names, "is_parallel": "parallel_tool_calls"})
    if "schema" in given:
        body["response_format"] = {"type": "json_schema", "json_schema": {"name": "x", "schema": given["schema"]}}
    if wish.tools:
        body["tools"] = [
            {"type": "function", "function": {"name": name, "description": described(name), "parameters": SCHEMA}}
            for name in wish.tools
        ]
    if "choice" in given:
        choice = given["choice"]
        body["tool_choice"] = {"type": "function", "function": {"name": choice}} if choice in wish.tools else choice
    return body


def chat_messages(wish: Wish) -> Iterator[Body]:
    for turn in wish.turns:
        if isinstance(turn, Late):
            yield {"role": "system", "content": turn.text}
        elif isinstance(turn, User):
            parts = [{"type": "text", "text": text} for text in turn.texts]
            parts += [{"type": "image_url", "image_url": {"url": address(image)}} for image in turn.images]
            is_plain = len(parts) == 1 and not wish.in_parts
            yield {"role": "user", "content": turn.texts[0] if is_plain else parts}
        else:
            calls = [
                {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments(call)}}
                for call in turn.calls
            ]
            yield {"role": "assistant", "content": turn.text, **({"tool_calls": calls} if calls else {})}
            for call in turn.calls:
                parted = [{"type": "text", "text": call.result}] if wish.in_parts else call.result
                yield {"role": "tool", "tool_call_id": call.id, "content": parted}


def arguments(call: Any) -> str:
    return json.dumps(call.arguments)


def as_messages(wish: Wish) -> Body:
    """Its own ids are of a certain form: a client of this API has no others."""
    given = wish.settings
    body: Body = {"max_tokens": 4_096, "messages": list(messages_turns(wish))}
    if wish.system:
        texts = [{"type": "text", "text": text} for text in wish.system]
        body["system"] = texts if wish.in_parts or len(texts) > 1 else wish.system[0]
    body |= renamed(given, {"max_tokens": "max_tokens", "temperature": "temperature", "stop": "stop_sequences"})
    config = {"effort": given["effort"]} if "effort" in given else {}
    config |= {"format": {"type": "json_schema", "schema": given["schema"]}} if "schema" in given else {}
    body |= {"output_config": config} if config else {}
    if wish.tools:
        body["tools"] = [{"name": name, "description": described(name), "input_schema": SCHEMA} for name in wish.tools]
    if "choice" in given or given.get("is_parallel") is False:
        choice = given.get("choice", "auto")
        kind = {"auto": "auto", "none": "none", "required": "any"}.get(choice, "tool")
        chosen = {"type": kind, **({"name": choice} if kind == "tool" else {})}
        is_one_by_one = given.get("is_parallel") is False and kind != "none"
        body["tool_choice"] = {**chosen, **({"disable_parallel_tool_use": True} if is_one_by_one else {})}
    return body


def messages_turns(wish: Wish) -> Iterator[Body]:
    ids = 0
    for turn in wish.turns:
        if isinstance(turn, Late):
            yield {"role": "system", "content": turn.text}
        elif isinstance(turn, User):
            blocks: list[Body] = [{"type": "text", "text": text} for text in turn.texts]
            blocks += [
                {"type": "image", "source": {"type": "base64", "media_type": kind_of(image), "data": image}}
                for image in turn.images
            ]
            yield {"role": "user", "content": turn.texts[0] if len(blocks) == 1 and not wish.in_parts else blocks}
        else:
            named = [(f"toolu_{ids + at}", call) for at, call in enumerate(turn.calls)]
            ids += len(named)
            yield {"role": "assistant", "content": assistant_blocks(turn, named)}
            if named:
                yield {"role": "user", "content": [result_block(wish, *each) for each in named]}


def assistant_blocks(turn: Assistant, named: list[tuple[str, Any]]) -> list[Body]:
    uses = [{"type": "tool_use", "id": key, "name": call.name, "input": call.arguments} for key, call in named]
    return [{"type": "text", "text": turn.text}, *uses]


def result_block(wish: Wish, key: str, call: Any) -> Body:
    block: Body = {"type": "tool_result", "tool_use_id": key}
    if call.result:
        block["content"] = [{"type": "text", "text": call.result}] if wish.in_parts else call.result
    return block


def as_responses(wish: Wish) -> Body:
    given = wish.settings
    body: Body = {"input": list(input_items(wish))}
    if wish.system:
        body["instructions"] = wish.system[0]
        rest = [{"role": "developer", "content": text} for text in wish.system[1:]]
        body["input"] = rest + body["input"]
    names = {"max_tokens": "max_output_tokens", "temperature": "temperature", "stop": "stop"}
    body |= renamed(given, {**names, "is_parallel": "parallel_tool_calls"})
    if "effort" in given:
        body["reasoning"] = {"effort": given["effort"]}
    if "schema" in given:
        body["text"] = {"format": {"type": "json_schema", "name": "x", "schema": given["schema"]}}
    if wish.tools:
        body["tools"] = [
            {"type": "function", "name": name, "description": described(name), "parameters": SCHEMA}
            for name in wish.tools
        ]
    if "choice" in given:
        choice = given["choice"]
        body["tool_choice"] = {"type": "function", "name": choice} if choice in wish.tools else choice
    return body


def input_items(wish: Wish) -> Iterator[Body]:
    for turn in wish.turns:
        if isinstance(turn, Late):
            yield {"role": "developer", "content": turn.text}
        elif isinstance(turn, User):
            parts = [{"type": "input_text", "text": text} for text in turn.texts]
            parts += [{"type": "input_image", "image_url": address(image)} for image in turn.images]
            yield {"role": "user", "content": turn.texts[0] if len(parts) == 1 and not wish.in_parts else parts}
        else:
            said: Any = [{"type": "output_text", "text": turn.text}] if wish.in_parts else turn.text
            yield {"type": "message", "role": "assistant", "content": said}
            for call in turn.calls:
                named = {"call_id": call.id, "name": call.name, "arguments": arguments(call)}
                yield {"type": "function_call", **named}
            for call in turn.calls:
                yield {"type": "function_call_output", "call_id": call.id, "output": call.result}


WRITERS: dict[str, Callable[[Wish], Body]] = {"chat": as_chat, "messages": as_messages, "responses": as_responses}
