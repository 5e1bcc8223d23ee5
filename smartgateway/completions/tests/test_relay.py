"""What arrives together leaves together, through the relay and over each dialect."""

from types import SimpleNamespace

import pytest

from routing.providers.anthropic import Anthropic
from routing.providers.ollama import Ollama
from routing.providers.openai_compatible import OpenAICompatible
from routing.tests.providers.replies import Pieces, answering, transcript, upstream
from smartgateway.completions import path
from smartgateway.completions.relay import Last, Rendering, completes
from smartgateway.completions.tests.asks import ask
from smartgateway.completions.tests.fakes import Plain, chunk


def claude(body):
    return Anthropic(upstream(answering(body)))


def compatible(body):
    return OpenAICompatible(upstream(answering(body)))


def ollama(body):
    return Ollama(upstream(answering(body)), num_ctx=4096, keep_alive="5m")


@pytest.mark.parametrize(
    ("provider", "content", "cut"),
    [
        (claude, transcript("anthropic/text.sse"), b"event: content_block_stop"),
        (compatible, transcript("openai/text.sse"), b"data: [DONE]"),
        (ollama, transcript("ollama/text.ndjson"), b'{"model":"qwen'),
    ],
    ids=["claude", "openai", "ollama"],
)
async def test_events_of_one_read_leave_in_one_piece(world, provider, content, cut):
    at = content.rindex(cut)
    world.providers["local"] = provider(Pieces(content[:at], content[at:]))

    streaming = await path.stream(ask(world, model="local", stream=True), Plain())
    events = [event async for event in streaming.events]

    assert len(events) == 2
    assert [type(event) for event in events] == [bytes, Last]


async def test_an_error_is_the_last_event_too(world):
    world.providers["local"] = compatible(Pieces(transcript("openai/text.sse")[:300]))

    streaming = await path.stream(ask(world, model="local", stream=True), Plain())
    events = [event async for event in streaming.events]

    assert type(events[-1]) is Last
    assert events[-1].startswith(b"<error")


def test_text_alone_is_rendered_as_the_chunk_before_it_would_be():
    render, before = Plain(), chunk({"role": "assistant"})
    rendered = []
    render.chunk = lambda each: rendered.append(each) or b""

    Rendering(SimpleNamespace(chunks_relayed=0), render).events([before, "Hel"])

    choice = {"index": 0, "delta": {"content": "Hel"}, "logprobs": None, "finish_reason": None}
    assert rendered == [before, {**before, "choices": [choice]}]


def test_what_comes_after_the_end_is_kept_back_with_it():
    rendering = Rendering(SimpleNamespace(chunks_relayed=0), Plain())

    events = rendering.events([chunk({"content": "a"}), chunk({}, "stop"), "b"])

    assert (events, rendering.end()) == (b"a", b"<stop>b<end>")


@pytest.mark.parametrize(
    ("piece", "is_end"),
    [
        ({"choices": []}, False),
        ({"choices": [], "usage": {"prompt_tokens": 1}}, True),
        (chunk({"content": "a"}), False),
        (chunk({"content": "a"}, ""), False),
        (chunk({}, "stop"), True),
    ],
    ids=["no choice", "usage", "text", "empty reason", "reason"],
)
def test_only_a_reason_or_the_usage_ends_an_answer(piece, is_end):
    assert completes(piece) is is_end
