"""Where servers that speak OpenAI's words speak them differently: vLLM, llama.cpp, LM Studio."""

from collections.abc import Mapping
from typing import Any

import msgspec

from routing.engine.types import Usage

CHARACTERS_PER_TOKEN = 4


def adapt(members: dict[str, Any], body: Mapping[str, Any]) -> None:
    """Older ones overlook `max_completion_tokens`, and then answer without end; templates know no developers."""
    if body.get("max_completion_tokens") is not None:
        members["max_tokens"] = members.pop("max_completion_tokens")
    messages = body.get("messages")
    if isinstance(messages, list) and any(is_developer(message) for message in messages):
        members["messages"] = [
            {**message, "role": "system"} if is_developer(message) else message for message in messages
        ]


def is_developer(message: object) -> bool:
    return isinstance(message, dict) and message.get("role") == "developer"


def indoor(answer: Any) -> Any:
    """An answer or a chunk whose `reasoning` (vLLM, LM Studio) has the name that it has indoors."""
    for choice in answer.get("choices") or ():
        said = choice.get("delta") or choice.get("message")
        if isinstance(said, dict) and "reasoning" in said:
            reasoning = said.pop("reasoning")
            if isinstance(reasoning, str) and "reasoning_content" not in said:
                said["reasoning_content"] = reasoning
    return answer


def estimated(body: Mapping[str, Any], raw: bytes) -> Usage:
    """For a server that does not count: by the length of what was said."""
    answer = msgspec.json.decode(raw)
    said = [choice.get("message") for choice in answer["choices"]]
    return Usage(
        fresh_input_tokens=tokens_of({"messages": body.get("messages"), "tools": body.get("tools")}),
        output_tokens=tokens_of(said),
        is_estimated=True,
    )


def tokens_of(value: Any) -> int:
    return sum(map(len, texts_of(value))) // CHARACTERS_PER_TOKEN + 1


def texts_of(value: Any) -> list[str]:
    """Every text in it, names of members and addresses of images left out."""
    if isinstance(value, str):
        return [] if value.startswith("data:") else [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for part in value for text in texts_of(part)] if isinstance(value, list) else []
