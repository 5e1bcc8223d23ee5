"""Messages as the API writes them, whole and as events."""

import hashlib
import json
from collections.abc import Iterator
from itertools import count
from typing import Any

from tests.doubles.anthropic.rules import SIGNATURE, as_blocks
from tests.doubles.words import CALL, SAY, WORD

numbers = count(1)


def tokens_of(value: Any) -> int:
    return len(json.dumps(value)) // 4 + 1


class Cache:
    """Remembers prefixes, so that the second call of a conversation reads what the first one wrote."""

    def __init__(self) -> None:
        self._known: set[str] = set()

    def counts(self, body: dict[str, Any]) -> dict[str, Any]:
        total = tokens_of([body.get("tools"), body.get("system"), body["messages"]])
        lengths = self._prefixes(body) if '"cache_control"' in json.dumps(body) else []
        read = max((tokens for digest, tokens in lengths if digest in self._known), default=0)
        written = (lengths[-1][1] - read) if lengths else 0
        self._known |= {digest for digest, _ in lengths}
        return {
            "input_tokens": total - read - written,
            "cache_creation_input_tokens": written,
            "cache_read_input_tokens": read,
            "cache_creation": {"ephemeral_5m_input_tokens": written, "ephemeral_1h_input_tokens": 0},
        }

    def _prefixes(self, body: dict[str, Any]) -> list[tuple[str, int]]:
        lengths = []
        for end in range(1, len(body["messages"]) + 1):
            prefix = [body.get("tools"), body.get("system"), body["messages"][:end]]
            lengths.append((hashlib.sha256(json.dumps(prefix).encode()).hexdigest(), tokens_of(prefix)))
        return lengths


def last_text(body: dict[str, Any]) -> str:
    """What the user said last, results of tools included; an agent's reminders may stand after it."""
    newest = next((each for each in reversed(body["messages"]) if each["role"] != "system"), body["messages"][-1])
    blocks = as_blocks(newest["content"])
    texts = []
    for block in blocks:
        inner = as_blocks(block.get("content", [])) if block["type"] == "tool_result" else [block]
        texts += [piece["text"] for piece in inner if piece["type"] == "text"]
    return "\n".join(texts)


def content_for(body: dict[str, Any]) -> tuple[list[dict[str, Any]], str, dict[str, Any] | None]:
    """Blocks, stop reason and stop details of the answer to this body."""
    said = last_text(body)
    blocks: list[dict[str, Any]] = []
    if body["model"] != "claude-haiku-4-5" and body.get("thinking", {}).get("type") not in (
        "disabled",
        "between_tools",
    ):
        blocks.append({"type": "thinking", "thinking": "", "signature": SIGNATURE})
    if "[[refuse]]" in said:
        return (
            blocks,
            "refusal",
            {"type": "refusal", "category": None, "explanation": "That is not something to help with."},
        )
    calls = CALL.findall(said) if body.get("tools") and body.get("tool_choice", {}).get("type") != "none" else []
    text = SAY.search(said)
    if text or not calls:
        blocks.append({"type": "text", "text": text[1] if text else f"You said: {said}"})
    for name, arguments in calls:
        given = json.loads(arguments or "{}")
        blocks.append({"type": "tool_use", "id": f"toolu_{next(numbers):08x}", "name": name, "input": given})
    if "[[length]]" in said:
        return blocks, "max_tokens", None
    return blocks, "tool_use" if calls else "end_turn", None


def message_for(body: dict[str, Any], cache: Cache) -> dict[str, Any]:
    blocks, stop_reason, details = content_for(body)
    usage = {
        **cache.counts(body),
        "output_tokens": tokens_of(blocks),
        "output_tokens_details": {"thinking_tokens": 7 if blocks and blocks[0]["type"] == "thinking" else 0},
        "service_tier": "standard",
    }
    return {
        "id": f"msg_{next(numbers):08x}",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": blocks,
        "stop_reason": stop_reason,
        "stop_sequence": None,
        "stop_details": details,
        "usage": usage,
    }


def events_of(message: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """In the API's order, a ping after the start, the usage cumulative at the end."""
    usage = message["usage"]
    first = {**usage, "output_tokens": 1}
    first.pop("output_tokens_details")
    yield {
        "type": "message_start",
        "message": {**message, "content": [], "stop_reason": None, "stop_details": None, "usage": first},
    }
    yield {"type": "ping"}
    for index, block in enumerate(message["content"]):
        yield from block_events(index, block)
    end = {name: message[name] for name in ("stop_reason", "stop_sequence", "stop_details")}
    final = {name: usage[name] for name in ("output_tokens", "output_tokens_details")}
    yield {"type": "message_delta", "delta": end, "usage": final}
    yield {"type": "message_stop"}


def block_events(index: int, block: dict[str, Any]) -> Iterator[dict[str, Any]]:
    kind = block["type"]
    if kind == "text":
        start, deltas = {**block, "text": ""}, [{"type": "text_delta", "text": part} for part in words(block["text"])]
    elif kind == "tool_use":
        start = {**block, "input": {}}
        given = json.dumps(block["input"]) if block["input"] else ""
        parts = ["", *(given[at : at + 9] for at in range(0, len(given), 9))]
        deltas = [{"type": "input_json_delta", "partial_json": part} for part in parts] if given else []
    else:
        start = {**block, "signature": ""}
        deltas = [{"type": "signature_delta", "signature": block["signature"]}]
    yield {"type": "content_block_start", "index": index, "content_block": start}
    for delta in deltas:
        yield {"type": "content_block_delta", "index": index, "delta": delta}
    yield {"type": "content_block_stop", "index": index}


def words(text: str) -> list[str]:
    return WORD.findall(text)


def frame(event: dict[str, Any]) -> bytes:
    return f"event: {event['type']}\ndata: {json.dumps(event, ensure_ascii=False)}\n\n".encode()
