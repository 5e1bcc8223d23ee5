"""Calls of our own providers to the doubles."""

from routing.providers.base import Call

TOOL = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}


def call(text, model, **members):
    return Call(model, {"messages": [{"role": "user", "content": text}], **members}, "attempt-7")


async def answered(provider, asked, *, is_streamed):
    """What the provider kept account of, and how the answer ended."""
    if is_streamed:
        stream = await provider.stream(asked)
        chunks = [chunk async for batch in stream.batches for chunk in batch]
        account, finish = stream.account, chunks[-1]["choices"][0]["finish_reason"]
    else:
        answer = await provider.complete(asked)
        account, finish = answer.account, answer.completion["choices"][0]["finish_reason"]
    await provider.aclose()
    return account, finish
