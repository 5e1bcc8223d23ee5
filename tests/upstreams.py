"""A gateway between fronted doubles of its upstreams, and one request to it in each client's own protocol."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anthropic
import openai

from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.front import Front, fronting
from tests.doubles.ollama import OllamaDouble
from tests.doubles.serving import serving
from tests.gateway import KEY, Gateway


@dataclass
class World:
    gateway: Gateway
    claude: Front
    ollama: Front

    def behind(self, model: str) -> Front:
        return self.ollama if model == "local" else self.claude


@contextmanager
def between_doubles(folder: Path, **variables: str) -> Iterator[World]:
    with (
        serving(AnthropicDouble()) as claude_url,
        serving(OllamaDouble()) as ollama_url,
        fronting(claude_url) as claude,
        fronting(ollama_url) as ollama,
    ):
        addresses = {"ANTHROPIC_BASE_URL": claude.url, "LOCAL_LLM_BASE_URL": ollama.url}
        with gateway.running(folder, ANTHROPIC_API_KEY="sk-ant-test", **addresses, **variables) as running:
            yield World(running, claude, ollama)


@dataclass(frozen=True)
class Told:
    """What a client made of an answer: its text, or the error it raised; and the decision behind it."""

    text: str
    error: openai.APIError | anthropic.APIError | None
    decision_id: str


class OpenAIClient:
    name = "openai"
    path = "/v1/chat/completions"
    error = openai.APIError

    def __init__(self, url: str) -> None:
        self._client = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=KEY, max_retries=0, timeout=20)

    async def ask(self, model: str, text: str, *, is_stream: bool) -> Told:
        said, identity = "", ""
        messages = [{"role": "user", "content": text}]
        create = self._client.chat.completions.with_raw_response.create
        try:
            raw = await create(model=model, messages=messages, stream=is_stream)
            identity = decision_of(raw)
            answer = raw.parse()
            if is_stream:
                async for chunk in answer:
                    said += "".join(choice.delta.content or "" for choice in chunk.choices)
            else:
                said = answer.choices[0].message.content
        except openai.APIError as exc:
            return Told(said, exc, identity or decision_of(exc.response))
        return Told(said, None, identity)

    async def close(self) -> None:
        await self._client.close()


class AnthropicClient:
    name = "anthropic"
    path = "/v1/messages"
    error = anthropic.APIError

    def __init__(self, url: str) -> None:
        self._client = anthropic.AsyncAnthropic(base_url=url, api_key=KEY, max_retries=0, timeout=20)

    async def ask(self, model: str, text: str, *, is_stream: bool) -> Told:
        said, identity = "", ""
        messages = [{"role": "user", "content": text}]
        create = self._client.messages.with_raw_response.create
        try:
            raw = await create(model=model, messages=messages, max_tokens=100, stream=is_stream)
            identity = decision_of(raw)
            answer = await raw.parse()
            if is_stream:
                async for event in answer:
                    said += getattr(event.delta, "text", "") if event.type == "content_block_delta" else ""
            else:
                said = "".join(block.text for block in answer.content if block.type == "text")
        except anthropic.APIError as exc:
            return Told(said, exc, identity or decision_of(exc.response))
        return Told(said, None, identity)

    async def close(self) -> None:
        await self._client.close()


def decision_of(response) -> str:
    return response.headers.get("x-smartgateway-decision-id", "")
