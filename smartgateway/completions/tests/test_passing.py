"""Bodies of the provider's own dialect, which go along as they came."""

import msgspec

from smartgateway.completions import path
from smartgateway.completions.exchange import Ask
from smartgateway.completions.tests.asks import EXPLAIN, NO_OPTIONS


def raw_ask(world, text, **body):
    body = {"model": "auto", "messages": [{"role": "user", "content": text}], "seed": 12345678901234567890, **body}
    return Ask(
        key=world.key, face="chat", body=body, options=NO_OPTIONS, is_stream=False, raw=msgspec.json.encode(body)
    )


async def test_a_provider_of_the_same_dialect_gets_the_members_as_they_came(world):
    world.local.dialect = "openai"

    await path.complete(raw_ask(world, EXPLAIN, provider="local"))

    raw = world.local.calls[0].raw
    assert bytes(raw["seed"]) == b"12345678901234567890"
    assert set(raw) == {"model", "messages", "seed"}


async def test_a_rewritten_ask_is_rewritten_in_what_passes_through_too(world):
    world.local.dialect = "openai"

    await path.complete(raw_ask(world, "@local what now?"))

    assert bytes(world.local.calls[0].raw["messages"]) == b'[{"role":"user","content":"what now?"}]'


async def test_removed_tools_are_gone_from_what_passes_through_too(world):
    world.local.dialect = "openai"
    tool = {"type": "function", "function": {"name": "run", "parameters": {"type": "object"}}}

    await path.complete(raw_ask(world, "hello", tools=[tool], tool_choice="auto"))

    call = world.local.calls[0]
    assert not {"tools", "tool_choice"} & (set(call.raw) | set(call.body))
