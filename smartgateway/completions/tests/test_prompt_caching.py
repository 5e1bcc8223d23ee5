"""The policy's switch `automatic_prompt_caching`, from the published policy to what Claude is sent."""

from dataclasses import replace

import httpx
import msgspec
import pytest

from routing import policies
from routing.providers.anthropic import Anthropic
from routing.tests.providers.replies import Pieces, transcript, upstream
from smartgateway.completions import path
from smartgateway.completions.exchange import Ask, Options
from smartgateway.completions.tests.fakes import Plain

LONG, SHORT = "Keep to the house rules. " * 400, "Keep to the house rules."
ASKED = [
    {"role": "user", "content": "Hi"},
    {"role": "assistant", "content": "Hello"},
    {"role": "user", "content": "Go on"},
]


@pytest.fixture
def claude(world, monkeypatch, default_policy):
    """What it was sent, once the policy says `is_on`."""
    seen = []

    def handler(request):
        seen.append(msgspec.json.decode(request.content))
        is_streamed = seen[-1].get("stream")
        content = transcript(f"anthropic/{'text.sse' if is_streamed else 'whole.json'}")
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=Pieces(content))

    world.providers["anthropic"] = Anthropic(upstream(handler))

    def switched(*, is_on):
        switches = {**default_policy.switches, "automatic_prompt_caching": is_on}
        monkeypatch.setattr(policies, "current", lambda: replace(default_policy, switches=switches))
        return seen

    return switched


def ask_of(world, dialect, system, *, is_stream):
    messages = [{"role": "system", "content": system}, *ASKED]
    raw = b""
    if dialect == "anthropic":
        asked = {"model": "claude-sonnet-5-5", "max_tokens": 9_000, "system": system, "messages": ASKED}
        raw = msgspec.json.encode({**asked, "stream": is_stream})
    body = {"model": "claude-sonnet-5-5", "messages": messages, "max_tokens": 9_000, "stream": is_stream}
    return Ask(world.key, "chat", body, Options(), is_stream=is_stream, dialect=dialect, raw=raw)


async def answered(world, dialect, system, *, is_stream):
    ask = ask_of(world, dialect, system, is_stream=is_stream)
    if is_stream:
        async for _ in (await path.stream(ask, Plain())).events:
            pass
    else:
        await path.complete(ask)


@pytest.mark.parametrize("is_stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("dialect", ["openai", "anthropic"], ids=["translated", "passed through"])
@pytest.mark.parametrize(
    ("is_on", "system", "is_marked"),
    [(True, LONG, True), (True, SHORT, False), (False, LONG, False)],
    ids=["on and long", "on and short", "off"],
)
async def test_claude_is_sent_a_cache_marker_only_where_the_policy_says_so_and_it_profits(
    world, claude, is_on, system, is_marked, dialect, is_stream
):
    seen = claude(is_on=is_on)

    await answered(world, dialect, system, is_stream=is_stream)

    [sent] = seen
    assert (sent.get("cache_control") == {"type": "ephemeral"}) is is_marked
    assert str(sent).count("cache_control") == is_marked
    assert world.record.outcomes[0].status == "answered"


@pytest.mark.parametrize("dialect", ["openai", "anthropic"], ids=["translated", "passed through"])
async def test_a_policy_that_is_published_later_holds_for_the_next_request(world, claude, dialect):
    seen = claude(is_on=True)
    await answered(world, dialect, LONG, is_stream=False)

    claude(is_on=False)
    await answered(world, dialect, LONG, is_stream=False)

    assert ["cache_control" in sent for sent in seen] == [True, False]
