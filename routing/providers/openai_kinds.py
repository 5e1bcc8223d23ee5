"""Where servers that speak OpenAI's words speak them differently: vLLM, llama.cpp, LM Studio."""

from collections.abc import Mapping
from typing import Any

import msgspec

from routing.engine.types import Usage
from routing.providers.indoors import LATE_SYSTEM, text_of

CHARACTERS_PER_TOKEN = 4
CHARACTERS_PER_TOKEN_OF_CODE = 3
SMALL_PARTS = 4  # a limit of less than this part of the context is no matter of its size


def adapt(members: dict[str, Any], body: Mapping[str, Any]) -> None:
    """Older ones overlook `max_completion_tokens`, and then answer without end; templates know no developers."""
    if body.get("max_completion_tokens") is not None:
        members["max_tokens"] = members.pop("max_completion_tokens")
    messages = body.get("messages")
    if isinstance(messages, list) and any(is_developer(message) for message in messages):
        members["messages"] = [
            {**message, "role": "system"} if is_developer(message) else message for message in messages
        ]


def place_late_system(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Many a template refuses a system message that does not stand first: marked it is said by the user."""
    first = next((at for at, message in enumerate(messages) if message["role"] != "system"), len(messages))
    return [*messages[:first], *map(marked_if_system, messages[first:])]


def marked_if_system(message: dict[str, Any]) -> dict[str, Any]:
    if message["role"] != "system":
        return message
    text = LATE_SYSTEM.format(text=text_of(message.get("content")))
    return {"role": "user", "content": text}


def fit_limit(members: dict[str, Any], body: Mapping[str, Any], window: int | None) -> list[str]:
    """Agents ask for as many tokens as a large model has. vLLM refuses a limit that its context has no room for;
    without one it gives what room there is."""
    limit = limit_of(body)
    if window is None or type(limit) is not int or limit * SMALL_PARTS <= window:
        return []
    if limit + prompt_tokens(body, CHARACTERS_PER_TOKEN_OF_CODE) <= window:
        return []
    del members["max_tokens"]
    return ["max_tokens"]


def limit_of(body: Mapping[str, Any]) -> object:
    limit = body.get("max_completion_tokens")
    return body.get("max_tokens") if limit is None else limit


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
    return Usage(fresh_input_tokens=prompt_tokens(body), output_tokens=tokens_of(said), is_estimated=True)


def prompt_tokens(body: Mapping[str, Any], characters_per_token: int = CHARACTERS_PER_TOKEN) -> int:
    return tokens_of({"messages": body.get("messages"), "tools": body.get("tools")}, characters_per_token)


def tokens_of(value: Any, characters_per_token: int = CHARACTERS_PER_TOKEN) -> int:
    return sum(map(len, texts_of(value))) // characters_per_token + 1


def texts_of(value: Any) -> list[str]:
    """Every text in it, names of members and addresses of images left out."""
    if isinstance(value, str):
        return [] if value.startswith("data:") else [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [text for part in value for text in texts_of(part)] if isinstance(value, list) else []
