"""What a Messages body means and may not say, beyond its shape; each rule returns the API's complaint or None."""

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

NO_FORCED_TOOLS = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-fable-5-2")
THINKING = {
    "claude-opus-5-5": {"adaptive"},
    "claude-sonnet-5-5": {"adaptive", "between_tools"},
    "claude-haiku-5-5": {"adaptive", "disabled"},
    "claude-fable-5-2": {"adaptive"},
    "claude-sonnet-5": {"adaptive", "disabled"},
    "claude-haiku-4-5": {"enabled", "disabled"},
}
MODELS = tuple(THINKING)
SIGNATURE = "c2lnbmF0dXJl"
SAMPLING = ("temperature", "top_p", "top_k")
TAKE_SAMPLING = ("claude-haiku-4-5",)
NO_EFFORT = ("claude-haiku-4-5",)
LATE_SYSTEM = ("claude-opus-5-5", "claude-sonnet-5-5", "claude-haiku-5-5", "claude-fable-5-2")
PREFILL = ("claude-haiku-4-5",)
MOST_OUTPUT = {"claude-haiku-4-5": 64_000}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
SCHEMA_KEYWORDS_REFUSED = re.compile(
    r'"(minimum|maximum|exclusiveMinimum|exclusiveMaximum|multipleOf|minLength|maxLength|maxItems|oneOf)": (?!{)'
)


def complaint_about(body: dict[str, Any]) -> str | None:
    turns = [{**turn, "content": as_blocks(turn["content"])} for turn in body["messages"]]
    return next((complaint for rule in RULES if (complaint := rule(body, turns)) is not None), None)


def as_blocks(content: Any) -> list[dict[str, Any]]:
    return [{"type": "text", "text": content}] if isinstance(content, str) else list(content)


def limits(body: dict, turns: list) -> str | None:
    most = MOST_OUTPUT.get(body["model"], 128_000)
    if not 1 <= body["max_tokens"] <= most:
        return f"max_tokens: {body['max_tokens']} > {most}, which is the maximum allowed number of output tokens"
    return None


def turns_exist_and_begin_with_user(body: dict, turns: list) -> str | None:
    if not turns:
        return "messages: at least one message is required"
    if turns[0]["role"] != "user":
        return 'messages: first message must use the "user" role'
    return None


def nothing_is_empty(body: dict, turns: list) -> str | None:
    for number, turn in enumerate(turns):
        if not turn["content"]:
            return f"messages.{number}: all messages must have non-empty content"
    for block in every_block(body, turns):
        if block["type"] == "text" and not block["text"].strip():
            return "messages: text content blocks must be non-empty"
    return None


def every_block(body: dict, turns: list) -> Iterator[dict]:
    yield from as_blocks(body.get("system") or [])
    for turn in turns:
        for block in turn["content"]:
            yield block
            if block["type"] == "tool_result" and "content" in block:
                yield from as_blocks(block["content"])


def forced_tools(body: dict, turns: list) -> str | None:
    choice = body.get("tool_choice")
    if choice is None:
        return None
    if not body.get("tools"):
        return "tool_choice: may only be specified while providing tools"
    if choice["type"] in ("any", "tool") and body["model"] in NO_FORCED_TOOLS:
        return 'tool_choice: type "tool" and "any" are not supported for this model.'
    if choice["type"] == "tool" and choice["name"] not in [tool["name"] for tool in body["tools"]]:
        return f"tool_choice: tool '{choice['name']}' not found in provided tools"
    return None


def tools_are_sound(body: dict, turns: list) -> str | None:
    names = [tool["name"] for tool in body.get("tools", ())]
    if any(NAME.fullmatch(name) is None for name in names):
        return "tools: name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'"
    if len(set(names)) < len(names):
        return "tools: Tool names must be unique."
    for tool in body.get("tools", ()):
        if "input_schema" not in tool:
            continue  # runs at Anthropic
        schema = tool["input_schema"]
        if schema.get("type") != "object":
            return "tools: input_schema.type: Field required"
        if {"oneOf", "anyOf", "allOf"} & schema.keys():
            return "tools: input_schema does not support oneOf, allOf, or anyOf at the top level"
        if tool.get("strict") and not is_closed(schema):
            return "tools: For 'object' type, 'additionalProperties' must be explicitly set to false"
    used = {block["name"] for turn in turns for block in turn["content"] if block["type"] == "tool_use"}
    return "tools: Requests which include `tool_use` blocks must define tools" if used and not names else None


def is_closed(schema: Any) -> bool:
    if isinstance(schema, list):
        return all(is_closed(item) for item in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" and schema.get("additionalProperties") is not False:
        return False
    return all(is_closed(value) for value in schema.values())


def calls_and_results_pair_up(body: dict, turns: list) -> str | None:
    ids = [block["id"] for turn in turns for block in turn["content"] if block["type"] == "tool_use"]
    if len(set(ids)) < len(ids):
        return "messages: `tool_use` ids must be unique"
    if any(NAME.fullmatch(call_id) is None for call_id in ids):
        return "messages: tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'"
    for turn, following in pairwise([{"content": []}, *turns, {"content": []}]):
        called = [block["id"] for block in turn["content"] if block["type"] == "tool_use"]
        kinds = [block["type"] for block in following["content"]]
        results = [block["tool_use_id"] for block in following["content"] if block["type"] == "tool_result"]
        if sorted(called) != sorted(results):
            return "messages: `tool_use` ids were found without `tool_result` blocks immediately after, or vice versa"
        if "tool_result" in kinds[len(results) :]:
            return "messages: `tool_result` blocks must come before other content"
    return None


def sampling(body: dict[str, Any]) -> str | None:
    """In the older version of the API old models take it, and new ones a temperature of 1."""
    if body.get("model") in TAKE_SAMPLING:
        return None
    if body.get("temperature", 1) != 1:
        return "`temperature` is deprecated for this model."
    found = next((name for name in ("top_p", "top_k") if name in body), None)
    return f"`{found}` is deprecated for this model." if found else None


def thinking_is_genuine(body: dict, turns: list) -> str | None:
    signatures = [block["signature"] for turn in turns for block in turn["content"] if block["type"] == "thinking"]
    if any(signature != SIGNATURE for signature in signatures):
        return "messages: Invalid `signature` in `thinking` block"
    return None


def prefill(body: dict, turns: list) -> str | None:
    if turns[-1]["role"] == "assistant" and body["model"] not in PREFILL:
        return "This model does not support assistant message prefill. The conversation must end with a user message."
    return None


def late_system(body: dict, turns: list) -> str | None:
    for number, turn in enumerate(turns):
        if turn["role"] != "system":
            continue
        if body["model"] not in LATE_SYSTEM:
            return "role 'system' is not supported on this model"
        before = turns[number - 1]["role"] if number else ""
        after = turns[number + 1]["role"] if number + 1 < len(turns) else "assistant"
        if before != "user" or after != "assistant":
            return "messages: a system message must follow a user turn and be last or followed by an assistant turn"
    return None


def thinking(body: dict, turns: list) -> str | None:
    kind = body.get("thinking", {}).get("type")
    effort = (body.get("output_config") or {}).get("effort")
    if kind is not None and kind not in THINKING[body["model"]]:
        return f"thinking.type: {kind!r} is not supported for this model"
    if effort is not None and body["model"] in NO_EFFORT:
        return "output_config.effort: not supported for this model"
    if kind in ("between_tools", "disabled") and effort in ("xhigh", "max"):
        return f"thinking.type: {kind!r} requires an effort of at most high"
    return None


def cache_markers(body: dict, turns: list) -> str | None:
    marked = [*body.get("tools", ()), *every_block(body, turns), body]
    if sum(1 for item in marked if item.get("cache_control")) > 4:
        return "A maximum of 4 blocks with cache_control may be provided."
    return None


def stop_sequences(body: dict, turns: list) -> str | None:
    if any(not entry.strip() for entry in body.get("stop_sequences", ())):
        return "stop_sequences: each stop sequence must contain non-whitespace"
    return None


def output_format(body: dict, turns: list) -> str | None:
    wanted = (body.get("output_config") or {}).get("format")
    if wanted is None:
        return None
    if not is_closed(wanted["schema"]):
        return "output_config.format.schema: For 'object' type, 'additionalProperties' must be explicitly set to false"
    if found := SCHEMA_KEYWORDS_REFUSED.search(json.dumps(wanted["schema"])):
        return f"output_config.format.schema: property '{found[1]}' is not supported"
    return None


def images(body: dict, turns: list) -> str | None:
    starts = {"image/jpeg": "/9j/", "image/png": "iVBOR", "image/gif": "R0lGOD", "image/webp": "UklGR"}
    for block in every_block(body, turns):
        source = block.get("source", {}) if block["type"] == "image" else {}
        if source.get("type") == "base64" and not source["data"].startswith(starts[source["media_type"]]):
            return "image.source.base64: the image does not match the media type that was given"
    if any(block["type"] == "image" for turn in turns if turn["role"] != "user" for block in turn["content"]):
        return "messages: image blocks are not permitted outside of user messages"
    return None


RULES = (
    limits,
    turns_exist_and_begin_with_user,
    nothing_is_empty,
    forced_tools,
    tools_are_sound,
    calls_and_results_pair_up,
    thinking_is_genuine,
    prefill,
    late_system,
    thinking,
    cache_markers,
    stop_sequences,
    output_format,
    images,
)
