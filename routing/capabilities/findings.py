"""Finding out what a local model can by asking it: does it call a tool, see a picture, and how fast does it speak?"""

import time
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Any

from routing.providers.base import Account, Call, Provider, ProviderRejectedError, Timeouts

PROBE_TIMEOUTS = Timeouts(connect=5.0, first_byte=300.0, between_bytes=120.0)
SHORTEST_SPEECH_SECONDS = 0.05  # what comes at once was made before and tells nothing of speed
TOOL_ASK: dict[str, Any] = {
    "messages": [{"role": "user", "content": "What is the weather in Oslo right now? Use the tool."}],
    "tools": [
        {
            "type": "function",
            "function": {
                "name": "get_weather",
                "description": "The current weather of a city",
                "parameters": {
                    "type": "object",
                    "properties": {"city": {"type": "string"}},
                    "required": ["city"],
                },
            },
        }
    ],
    "max_tokens": 512,
}
RED = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAEAAAABACAIAAAAlC+aJAAAAS0lEQVR42u3PQQkAAAgAsetfWiP4FgYrsKZeS0BA"
    "QEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEDgsqnc8OJg6Ln3AAAAAElFTkSuQmCC"
)
SIGHT_ASK: dict[str, Any] = {
    "messages": [
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Which colour fills this picture? Answer with one word, in English."},
                {"type": "image_url", "image_url": {"url": RED}},
            ],
        }
    ],
    "max_tokens": 512,
}
SPEED_ASK: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Count from one to thirty in words."}],
    "max_tokens": 64,
}


@dataclass(frozen=True, slots=True)
class Findings:
    """None is what could not be found out; `error` why nothing was."""

    calls_tools: bool | None = None
    vision: bool | None = None
    thinking: bool | None = None
    context_loaded: int | None = None
    context_max: int | None = None
    gpu_share: float | None = None
    tokens_per_second: float | None = None
    error: str = ""


async def tried(provider: Provider, name: str, facts: Findings, *, may_call_tools: bool, may_see: bool) -> Findings:
    """`facts`, with what only an answer tells."""
    calls_tools = await called_a_tool(provider, name) if may_call_tools else False
    sees = await saw_red(provider, name) if may_see else False
    speed = await tokens_per_second(provider, name)
    return replace(facts, calls_tools=calls_tools, vision=sees, tokens_per_second=speed)


async def called_a_tool(provider: Provider, name: str) -> bool:
    return bool((await answer_to(TOOL_ASK, provider, name)).get("tool_calls"))


async def saw_red(provider: Provider, name: str) -> bool:
    """Servers and templates may leave a picture out without a word: the model would then guess."""
    return "red" in ((await answer_to(SIGHT_ASK, provider, name)).get("content") or "").lower()


async def answer_to(ask: dict[str, Any], provider: Provider, name: str) -> dict[str, Any]:
    """The message that came; empty where the ask was refused."""
    try:
        answer = await provider.complete(Call(name, ask, attempt_id="probe", timeouts=PROBE_TIMEOUTS))
    except ProviderRejectedError:
        return {}
    message: dict[str, Any] = answer.completion["choices"][0]["message"] if answer.completion else {}
    return message


async def tokens_per_second(provider: Provider, name: str) -> float | None:
    """After the first token: loading the model and reading the prompt are not speech."""
    try:
        stream = await provider.stream(Call(name, SPEED_ASK, attempt_id="probe", timeouts=PROBE_TIMEOUTS))
    except ProviderRejectedError:
        return None
    first_at = last_at = 0.0
    async with aclosing(stream.batches) as batches:
        async for _ in batches:
            last_at = time.perf_counter()
            first_at = first_at or last_at
    spoken = output_tokens(stream.account) - 1
    seconds = last_at - first_at
    return spoken / seconds if spoken > 0 and seconds >= SHORTEST_SPEECH_SECONDS else None


def output_tokens(account: Account) -> int:
    return account.usage.output_tokens if account.usage else 0
