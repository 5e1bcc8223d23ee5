"""A gateway between fronted doubles of its upstreams, and one request to it in each client's own protocol."""

import asyncio
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import anthropic
import openai

from tests import gateway
from tests.doubles.anthropic import AnthropicDouble
from tests.doubles.front import Front, fronting
from tests.doubles.serving import App, serving
from tests.gateway import KEY, Gateway, wait_until

GOOD = "[[say:all is well]]"
ANY_FILE, NO_FILE = resource.RLIM_INFINITY, 0


@dataclass
class World:
    gateway: Gateway
    claude: Front
    local: Front

    def behind(self, model: str) -> Front:
        return self.local if model == "local" else self.claude


@contextmanager
def between_doubles(folder: Path, local_double: App, **variables: str) -> Iterator[World]:
    with (
        serving(AnthropicDouble()) as claude_url,
        serving(local_double) as local_url,
        fronting(claude_url) as claude,
        fronting(local_url) as local,
    ):
        addresses = {"ANTHROPIC_BASE_URL": claude.url, "LOCAL_LLM_BASE_URL": local.url}
        with gateway.running(folder, ANTHROPIC_API_KEY="sk-ant-test", **addresses, **variables) as running:
            yield World(running, claude, local)


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


async def check_failure(world, client, model, text, *, is_stream):
    """The client's own error, recorded as a failure; the next request is served."""
    told = await client.ask(model, text, is_stream=is_stream)

    assert isinstance(told.error, client.error), told
    assert "<html" not in str(told.error).lower()
    status, _, error_type = await asyncio.to_thread(world.gateway.outcome, told.decision_id)
    assert (status, bool(error_type)) == ("failed", True)
    good = await client.ask(model, GOOD, is_stream=is_stream)
    assert good.error is None
    assert "all is well" in good.text
    return told


async def until(client, is_so):
    """Asks until the answer is of this kind, for ten seconds at most."""
    for _ in range(100):
        if is_so(await client.ask("sonnet", GOOD, is_stream=False)):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"not {is_so.__name__} within ten seconds")


async def check_unrecorded(world, client, model, text, *, is_stream):
    """An answer whose outcome cannot be recorded, in mid-call, is not whole; afterwards all is well again."""
    asking = asyncio.create_task(client.ask(model, text, is_stream=is_stream))
    await asyncio.to_thread(wait_until, lambda: world.behind(model).find(text), "the upstream is called", 10)
    limit_files(world, NO_FILE)
    try:
        told = await asking
    finally:
        limit_files(world, ANY_FILE)

    assert isinstance(told.error, client.error)
    assert "cannot record" in str(told.error)
    await until(client, is_answered)


def check_whole_record(world):
    """At the end: every decision has its outcome, every attempt its end, and nothing waits."""
    assert world.gateway.stop() == 0

    counts = world.gateway.verified()
    assert (counts["waiting"], counts["open"]) == (0, 0)
    assert counts["outcomes"] == counts["routingdecisions"]
    assert not world.gateway.rows("SELECT id FROM audit_attempt WHERE duration IS NULL AND error_type = ''")


def is_answered(told):
    return told.error is None


def refused_for_the_record(told):
    return told.error is not None and (told.error.status_code, "cannot record" in str(told.error)) == (503, True)


def limit_files(world, size):
    """From now on the serving process fails to write files beyond this size, as on a disk that is full."""
    resource.prlimit(world.gateway.part("worker"), resource.RLIMIT_FSIZE, (size, ANY_FILE))


def decision_of(response) -> str:
    return response.headers.get("x-smartgateway-decision-id", "")
