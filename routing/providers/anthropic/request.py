"""Indoor form to a body of the Messages API. Its schema is closed: only what is known is put in."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from routing.providers import indoors, nested
from routing.providers.anthropic import effort, tools
from routing.providers.anthropic.blocks import Markers
from routing.providers.anthropic.conversation import Conversation
from routing.providers.anthropic.models import API_VERSION, SAMPLING_VERSION, traits_of
from routing.providers.anthropic.naming import ToolNames
from routing.providers.anthropic.schemas import closed, is_beyond, is_narrower
from routing.providers.base import Call
from routing.providers.indoors import rejected

TRANSLATED = {
    "messages",
    "tools",
    "tool_choice",
    "parallel_tool_calls",
    "max_tokens",
    "max_completion_tokens",
    "stop",
    "response_format",
    "reasoning_effort",
    "safety_identifier",
    "service_tier",
}
WORTH_CACHING_CHARACTERS = 6_000  # above the smallest prompt that any current model caches
AS_SCHEMA = "Answer with one JSON value and nothing else. It must match this JSON schema:\n{schema}"


@dataclass(slots=True)
class Request:
    body: dict[str, Any]
    names: ToolNames
    dropped: list[str] = field(default_factory=list)
    is_cache_marked: bool = False
    version: str = API_VERSION


def build(call: Call) -> Request:
    body, traits = call.body, traits_of(call.model)
    indoors.refuse_several_choices(body, "Claude")
    sampled = sampling(body) if traits.takes_sampling else {}
    kept = TRANSLATED | indoors.CONSUMED | {name for name, value in sampled.items() if value == body[name]}
    dropped = [name for name in body if name not in kept and body[name] is not None]
    names, markers = ToolNames(), Markers()
    sent: dict[str, Any] = {"model": call.model, "max_tokens": 0}
    declared = tools.declared(body, names, markers, dropped)
    conversation = Conversation(traits, names, markers)
    conversation.read(body.get("messages") or [])
    sentences = tools.choose(sent, body, declared, conversation.called, names, traits, dropped)
    sentences += output_format(sent, body, dropped)
    effort.fill(sent, body, traits, dropped)
    if conversation.has_prefill_replaced:
        dropped.append("prefill")
    dropped += dict.fromkeys(nested.lost_in(body.get("messages") or ()))
    if markers.are_lost:
        dropped.append("cache_control")
    sent["messages"] = conversation.turns
    if system := [*conversation.system, *({"type": "text", "text": sentence} for sentence in sentences)]:
        sent["system"] = system
    sent |= stop_sequences(body, dropped) | identity(body) | service_tier(body, dropped)
    is_marked = call.caches and markers.count == 0 and profits_from_cache(conversation, declared)
    if is_marked:
        sent["cache_control"] = {"type": "ephemeral"}  # moves along with the conversation
    return Request(sent | sampled, names, dropped, is_marked, SAMPLING_VERSION if sampled else API_VERSION)


def sampling(body: Mapping[str, Any]) -> dict[str, Any]:
    """Within Claude's ranges; a temperature and `top_p` together are refused, so that the first one stands alone."""
    found: dict[str, Any] = {}
    for name in ("temperature", "top_p"):
        value = body.get(name)
        if value is None or found:
            continue
        if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
            raise rejected(f"{name} is {value!r}: use a number from 0")
        found[name] = min(value, 1)
    return found


def output_format(sent: dict[str, Any], body: Mapping[str, Any], dropped: list[str]) -> list[str]:
    """A schema where the API can hold the model to it, otherwise a sentence that asks for it."""
    wanted = body.get("response_format")
    kind = wanted.get("type") if isinstance(wanted, dict) else None
    if kind == "json_object":
        return [indoors.JSON_ONLY]
    schema = indoors.schema_of(wanted)
    if kind != "json_schema" or schema is None:
        dropped += ["response_format"] if kind not in (None, "text") else []
        return []
    if is_beyond(schema) or schema.get("type") != "object":
        dropped.append("response_format")
        return [AS_SCHEMA.format(schema=msgspec.json.encode(schema).decode())]
    if is_narrower(schema):
        dropped.append("response_format.schema")
    sent["output_config"] = {"format": {"type": "json_schema", "schema": closed(schema)}}
    return []


def stop_sequences(body: Mapping[str, Any], dropped: list[str]) -> dict[str, Any]:
    """Entries of white space alone are refused."""
    stop = body.get("stop") or []
    given = [stop] if isinstance(stop, str) else stop
    if not isinstance(given, list) or not all(isinstance(entry, str) for entry in given):
        raise rejected("stop is neither text nor a list of texts")
    kept = [entry for entry in given if entry.strip()]
    if len(kept) < len(given):
        dropped.append("stop")
    return {"stop_sequences": kept} if kept else {}


def identity(body: Mapping[str, Any]) -> dict[str, Any]:
    """Opaque for Claude's side, which wants no names or addresses."""
    user = body.get("safety_identifier") or body.get("user")
    if not isinstance(user, str) or not user:
        return {}
    return {"metadata": {"user_id": hashlib.sha256(user.encode("utf-8", "replace")).hexdigest()}}


def service_tier(body: Mapping[str, Any], dropped: list[str]) -> dict[str, Any]:
    wanted = body.get("service_tier")
    if wanted in ("auto", "standard_only"):
        return {"service_tier": wanted}
    if wanted is not None:
        dropped.append("service_tier")
    return {}


def profits_from_cache(conversation: Conversation, declared: list[dict[str, Any]]) -> bool:
    """Long enough, and likely to be sent again: a second ask has come already, or an agent is at work."""
    if not declared and not any(turn["role"] == "assistant" for turn in conversation.turns):
        return False
    blocks = conversation.system + [block for turn in conversation.turns for block in turn["content"]]
    return sum(len(block.get("text", "")) for block in blocks) + text_in_results(blocks) >= WORTH_CACHING_CHARACTERS


def text_in_results(blocks: list[dict[str, Any]]) -> int:
    return sum(len(inner.get("text", "")) for block in blocks for inner in block.get("content", ()))
