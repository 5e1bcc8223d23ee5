"""What is asked down the path, and how its upstreams fail."""

from routing.providers.base import ProviderUnavailableError
from smartgateway.completions import path
from smartgateway.completions.exchange import Ask, Options
from smartgateway.completions.tests.fakes import Plain

EXPLAIN = "Explain what a Python list comprehension does"
LOCAL_MODEL = "qwen2.5-coder:14b-instruct"
NO_OPTIONS, STAYING, NOT_OPUS = Options(), Options(local_only=True), Options(tier="sonnet")
SONNET, OPUS, HAIKU = "claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"


def ask(world, text=EXPLAIN, *, model="auto", stream=False, options=NO_OPTIONS, **body):
    messages = [{"role": "user", "content": text}]
    return Ask(
        key=world.key,
        face="chat",
        body={"messages": messages, "model": model, **body},
        options=options,
        is_stream=stream,
    )


def down(**options):
    return ProviderUnavailableError("down", kind="unavailable", is_retryable=True, **options)


async def streamed(world, **options):
    streaming = await path.stream(ask(world, stream=True, **options), Plain())
    return streaming, [event async for event in streaming.events]
