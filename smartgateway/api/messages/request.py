"""A Messages request in indoor form. What only Claude understands travels in the pass-through, not here."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from smartgateway.completions.errors import BadRequestError

Block = Mapping[str, Any]
SAME_NAME = ("model", "max_tokens", "temperature", "top_p", "top_k", "stream")
KINDS = {
    "metadata": dict,
    "output_config": dict,
    "thinking": dict,
    "tool_choice": dict,
    "tools": list,
    "stop_sequences": list,
}
WORDS: dict[type, str] = {dict: "an object", list: "a list"}
EFFORTLESS = {"type": "disabled"}
encode = msgspec.json.Encoder().encode


def indoor(data: Any, *, is_counted_only: bool = False) -> dict[str, Any]:
    """Raises `BadRequestError` for what the Messages API would refuse itself."""
    if not isinstance(data, dict):
        raise BadRequestError("The body must be a JSON object.")
    check_limit(data.get("max_tokens", 0 if is_counted_only else None))
    if not isinstance(data.get("messages"), list):
        raise BadRequestError("messages: a list is required.", param="messages")
    for name, kind in KINDS.items():
        check_kind(data.get(name), kind, name)
    check_objects(data.get("tools") or [], "tools")
    body: dict[str, Any] = {name: data[name] for name in SAME_NAME if data.get(name) is not None}
    body["messages"] = [*system_messages(data.get("system")), *messages(data["messages"])]
    if data.get("stop_sequences"):
        body["stop"] = data["stop_sequences"]
    if data.get("tools"):
        body["tools"] = [tool(entry) for entry in data["tools"] if "input_schema" in entry]
    if data.get("tool_choice"):
        body |= tool_choice(data["tool_choice"])
    body |= reasoning_effort(data) | response_format(data)
    if body.get("stream"):
        body["stream_options"] = {"include_usage": True}
    return body


def check_limit(value: object) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadRequestError("max_tokens: a whole number is required.", param="max_tokens")


def check_kind(value: object, kind: type, name: str) -> None:
    if value is not None and not isinstance(value, kind):
        raise BadRequestError(f"{name}: {WORDS[kind]} is required.", param=name)


def check_objects(entries: list[Any], name: str) -> None:
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict):
            raise BadRequestError(f"{name}.{index}: an object is required.", param=f"{name}.{index}")


def system_messages(system: object) -> list[dict[str, Any]]:
    if not system:
        return []
    if not isinstance(system, str | list):
        raise BadRequestError("system: a string or a list of text blocks is required.", param="system")
    text = system if isinstance(system, str) else text_of([block for block in system if not is_billing(block)])
    return [{"role": "system", "content": text}] if text else []


def is_billing(block: object) -> bool:
    """Claude Code's note to Anthropic, whose numbers change: others would read all that follows it anew."""
    text = block.get("text") if isinstance(block, dict) else None
    return isinstance(text, str) and text.startswith("x-anthropic-billing-header:")


def messages(entries: list[Any]) -> Iterator[dict[str, Any]]:
    for index, entry in enumerate(entries):
        if not isinstance(entry, dict) or entry.get("role") not in ("user", "assistant", "system"):
            raise BadRequestError(f"messages.{index}: a role of user or assistant is required.", param="messages")
        content = entry.get("content")
        if isinstance(content, str):
            yield {"role": entry["role"], "content": content}
        elif isinstance(content, list) and all(isinstance(block, dict) for block in content):
            yield from assistant(content) if entry["role"] == "assistant" else user(entry["role"], content)
        else:
            raise BadRequestError(
                f"messages.{index}.content: a string or a list of blocks is required.", param="messages"
            )


def assistant(blocks: list[Block]) -> Iterator[dict[str, Any]]:
    message: dict[str, Any] = {"role": "assistant", "content": text_of(blocks) or None}
    calls = [block for block in blocks if block.get("type") == "tool_use"]
    if calls:
        message["tool_calls"] = [tool_call(block) for block in calls]
    yield message


def tool_call(block: Block) -> dict[str, Any]:
    arguments = encode(block.get("input") or {}).decode()
    return {
        "id": block.get("id", ""),
        "type": "function",
        "function": {"name": block.get("name", ""), "arguments": arguments},
    }


def user(role: str, blocks: list[Block]) -> Iterator[dict[str, Any]]:
    """Tool results become messages of their own, before what else the turn says."""
    for block in blocks:
        if block.get("type") == "tool_result":
            yield tool_result(block)
    parts = [part for block in blocks for part in user_parts(block)]
    if parts:
        yield {"role": role, "content": parts}


def tool_result(block: Block) -> dict[str, Any]:
    content = block.get("content") or ""
    if not isinstance(content, str | list):
        raise BadRequestError("tool_result.content: a string or a list of blocks is required.", param="messages")
    text = content if isinstance(content, str) else text_of(content)
    if block.get("is_error"):
        text = f"Error: {text}"
    return {"role": "tool", "tool_call_id": block.get("tool_use_id", ""), "content": text}


def user_parts(block: Block) -> Iterator[dict[str, Any]]:
    kind = block.get("type")
    if kind == "text":
        text = block.get("text")
        yield {"type": "text", "text": text if isinstance(text, str) else ""}
    elif kind == "image":
        yield {"type": "image_url", "image_url": {"url": image_url(source_of(block))}}
    elif kind == "document":
        yield from document_parts(source_of(block))
    elif kind == "tool_result" and isinstance(block.get("content"), list):
        for inner in block["content"]:
            if isinstance(inner, dict) and inner.get("type") == "image":
                yield from user_parts(inner)


def source_of(block: Block) -> Block:
    source = block.get("source")
    check_kind(source, dict, f"{block['type']}.source")
    return source or {}


def document_parts(source: Block) -> Iterator[dict[str, Any]]:
    """Text as text; of other documents what it is, for a provider to take or refuse."""
    if source.get("type") == "text":
        yield {"type": "text", "text": str(source.get("data", ""))}
    elif source.get("type") == "content" and isinstance(source.get("content"), str | list):
        content = source["content"]
        yield {"type": "text", "text": content if isinstance(content, str) else text_of(content)}
    else:
        yield {"type": "file", "file": {"file_data": image_url(source)}}


def image_url(source: Block) -> str:
    if source.get("type") == "base64":
        return f"data:{source.get('media_type', '')};base64,{source.get('data', '')}"
    return str(source.get("url", ""))


def text_of(blocks: list[Any]) -> str:
    found = (block for block in blocks if isinstance(block, dict) and block.get("type") == "text")
    return "\n\n".join(block["text"] for block in found if isinstance(block.get("text"), str))


def tool(entry: Block) -> dict[str, Any]:
    function = {"name": entry.get("name"), "parameters": entry["input_schema"]}
    if entry.get("description"):
        function["description"] = entry["description"]
    if entry.get("strict") is not None:
        function["strict"] = entry["strict"]
    return {"type": "function", "function": function}


def tool_choice(choice: Block) -> dict[str, Any]:
    kind = choice.get("type")
    named = {"type": "function", "function": {"name": choice.get("name")}}
    found: dict[str, Any] = {"tool_choice": {"any": "required", "tool": named, "none": "none"}.get(str(kind), "auto")}
    if choice.get("disable_parallel_tool_use"):
        found["parallel_tool_calls"] = False
    return found


def reasoning_effort(data: Mapping[str, Any]) -> dict[str, str]:
    if data.get("thinking") == EFFORTLESS:
        return {"reasoning_effort": "none"}
    effort = (data.get("output_config") or {}).get("effort")
    return {"reasoning_effort": effort} if isinstance(effort, str) and effort else {}


def response_format(data: Mapping[str, Any]) -> dict[str, Any]:
    wanted = (data.get("output_config") or {}).get("format")
    if not isinstance(wanted, dict) or wanted.get("type") != "json_schema":
        return {}
    schema = {"name": "answer", "schema": wanted.get("schema")}
    return {"response_format": {"type": "json_schema", "json_schema": schema}}
