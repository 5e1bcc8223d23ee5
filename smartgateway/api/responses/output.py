"""Answers as the Responses API writes them: the response object and its output items."""

import time
from collections.abc import Mapping
from typing import Any

import msgspec

from routing.providers.base import ChatCompletion
from smartgateway.api.responses.request import DEFAULTS
from smartgateway.api.responses.toolbox import Toolbox, input_of, shell_action
from smartgateway.completions.errors import GatewayError

Item = dict[str, Any]
INCOMPLETE = {"length": "max_output_tokens", "content_filter": "content_filter"}
ECHOED = (
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "prompt_cache_key",
    "safety_identifier",
    "service_tier",
    "temperature",
    "top_p",
    "user",
)
encode = msgspec.json.Encoder().encode


def shell(data: Mapping[str, Any], toolbox: Toolbox) -> dict[str, Any]:
    """What every state of the response says again of its request; encoded once, for a stream has three of them."""
    tools = [tool for tool in data.get("tools") or () if tool.get("type") not in toolbox.hosted]
    reasoning = data.get("reasoning") or {}
    return {
        "object": "response",
        "created_at": int(time.time()),
        **{name: data.get(name) for name in ECHOED if name != "instructions"},
        **DEFAULTS_SAID,
        "instructions": msgspec.Raw(encode(data.get("instructions"))),
        "metadata": data.get("metadata") or {},
        "parallel_tool_calls": data.get("parallel_tool_calls") is not False,
        "reasoning": {"effort": reasoning.get("effort"), "summary": reasoning.get("summary")},
        "text": {"format": {"type": "text"}, **(data.get("text") or {})},
        "tool_choice": data.get("tool_choice") or "auto",
        "tools": msgspec.Raw(encode(tools)),
    }


DEFAULTS_SAID = {
    "background": DEFAULTS["background"],
    "store": DEFAULTS["store"],
    "truncation": DEFAULTS["truncation"],
    "previous_response_id": None,
    "error": None,
    "incomplete_details": None,
    "usage": None,
    "output": [],
}


def identity_of(upstream_id: str) -> str:
    """What the ids of a response and its items have in common."""
    return upstream_id.removeprefix("chatcmpl-").removeprefix("msg_")


def ending(finish_reason: str | None) -> dict[str, Any]:
    """Status and, where the answer was cut off, why."""
    reason = INCOMPLETE.get(finish_reason or "")
    if reason is None:
        return {"status": "completed", "completed_at": int(time.time())}
    return {"status": "incomplete", "incomplete_details": {"reason": reason}}


def usage_of(usage: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if not usage:
        return None
    read = usage.get("prompt_tokens_details") or {}
    written = usage.get("completion_tokens_details") or {}
    input_tokens, output_tokens = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    return {
        "input_tokens": input_tokens,
        "input_tokens_details": {
            "cached_tokens": read.get("cached_tokens") or 0,
            "cache_write_tokens": read.get("cache_write_tokens") or 0,
        },
        "output_tokens": output_tokens,
        "output_tokens_details": {"reasoning_tokens": written.get("reasoning_tokens") or 0},
        "total_tokens": input_tokens + output_tokens,
    }


def text_part(text: str) -> Item:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def refusal_part(text: str) -> Item:
    return {"type": "refusal", "refusal": text}


def message_item(identity: str, parts: list[Item], status: str) -> Item:
    return {"type": "message", "id": identity, "role": "assistant", "status": status, "content": parts}


def reasoning_item(identity: str, text: str, status: str) -> Item:
    summary = [{"type": "summary_text", "text": text}] if text else []
    return {"type": "reasoning", "id": identity, "summary": summary, "encrypted_content": None, "status": status}


def call_item(toolbox: Toolbox, identity: str, call_id: str, name: str, arguments: str, status: str) -> Item:
    """The call as its tool was declared. A shell call without a command is shown as the model wrote it."""
    origin = toolbox.origin(name)
    namespace = {"namespace": origin.namespace} if origin.namespace else {}
    if origin.kind == "custom":
        named = {"name": origin.name, "input": input_of(arguments), **namespace}
        return {"type": "custom_tool_call", "id": identity, "status": status, "call_id": call_id, **named}
    if origin.kind == "local_shell" and (action := shell_action(arguments)) is not None:
        return {"type": "local_shell_call", "id": identity, "status": status, "call_id": call_id, "action": action}
    named = {"name": origin.name, "arguments": arguments, **namespace}
    return {"type": "function_call", "id": identity, "status": status, "call_id": call_id, **named}


def response(completion: ChatCompletion, said_again: Mapping[str, Any], toolbox: Toolbox) -> dict[str, Any]:
    choice = completion["choices"][0]
    end = ending(choice.get("finish_reason"))
    identity = identity_of(completion["id"])
    return {
        "id": f"resp_{identity}",
        **said_again,
        "model": completion["model"],
        "output": output_of(choice["message"], identity, toolbox, end["status"]),
        "usage": usage_of(completion.get("usage")),
        **end,
    }


def output_of(said: Mapping[str, Any], identity: str, toolbox: Toolbox, status: str) -> list[Item]:
    output = []
    if said.get("reasoning_content"):
        output.append(reasoning_item(f"rs_{identity}", said["reasoning_content"], "completed"))
    parts = [text_part(said["content"])] if said.get("content") else []
    parts += [refusal_part(said["refusal"])] if said.get("refusal") else []
    calls = said.get("tool_calls") or []
    if parts or not (calls or output):
        output.append(message_item(f"msg_{identity}", parts or [text_part("")], status))
    for index, call in enumerate(calls):
        function = call["function"]
        arguments = function.get("arguments") or "{}"
        output.append(call_item(toolbox, f"fc_{identity}_{index}", call["id"], function["name"], arguments, status))
    return output


def failure(exc: GatewayError) -> dict[str, Any]:
    """`response.error` knows few codes; the error event beside it has ours."""
    code = "rate_limit_exceeded" if exc.status == 429 else "invalid_prompt" if exc.status == 400 else "server_error"
    return {"code": code, "message": exc.message}
