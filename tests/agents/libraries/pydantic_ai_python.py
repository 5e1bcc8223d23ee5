"""pydantic-ai, over each of its models that may speak to the gateway."""

import asyncio

from pydantic_ai import Agent
from pydantic_ai.models.anthropic import AnthropicModel
from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
from pydantic_ai.providers.anthropic import AnthropicProvider
from pydantic_ai.providers.openai import OpenAIProvider
from wish import KEY, URL, read_file, wish

asked = wish()


def model():
    if asked.face == "messages":
        return AnthropicModel(asked.model, provider=AnthropicProvider(base_url=URL, api_key=KEY))
    kind = OpenAIChatModel if asked.face == "chat" else OpenAIResponsesModel
    return kind(asked.model, provider=OpenAIProvider(base_url=f"{URL}/v1", api_key=KEY))


async def said() -> str:
    agent = Agent(model(), tools=[read_file] if asked.tools else [])
    if asked.whole:
        return (await agent.run(asked.ask)).output
    async with agent.run_stream(asked.ask) as stream:
        return await stream.get_output()


print(asyncio.run(said()))
