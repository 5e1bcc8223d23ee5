import pytest

from routing.providers.anthropic import Anthropic, limits
from routing.providers.base import Call
from routing.tests.providers.replies import answering, transcript, upstream

NEARLY_GONE = {
    "anthropic-ratelimit-output-tokens-remaining": "799",
    "anthropic-ratelimit-output-tokens-limit": "8000",
    "anthropic-ratelimit-output-tokens-reset": "2026-11-23T18:00:00Z",
}


async def told(caplog, headers, times=1):
    """What the log says after so many answers."""
    streamed = {"content-type": "text/event-stream", **headers}
    claude = Anthropic(upstream(answering(transcript("anthropic/text.sse"), headers=streamed)))
    for _ in range(times):
        await claude.stream(Call("claude-sonnet-5-5", {"messages": [{"role": "user", "content": "Hi"}]}, "attempt-1"))
    return [record.getMessage() for record in caplog.records if record.name == limits.__name__]


async def test_a_limit_of_claude_that_is_nearly_used_up_is_said_in_the_log_once_a_minute(caplog):
    said = await told(caplog, NEARLY_GONE, times=3)

    assert said == [
        "Claude's limit of output-tokens is nearly used up: 799 of 8000 left, full again at 2026-11-23T18:00:00Z"
    ]


async def test_after_a_minute_it_is_said_again(caplog, monkeypatch):
    monkeypatch.setattr(limits, "QUIET_SECONDS", 0.0)

    assert len(await told(caplog, NEARLY_GONE, times=2)) == 2


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {**NEARLY_GONE, "anthropic-ratelimit-output-tokens-remaining": "800"},
        {**NEARLY_GONE, "anthropic-ratelimit-output-tokens-remaining": "few"},
        {"anthropic-ratelimit-requests-remaining": "1"},
    ],
    ids=["none", "a tenth left", "no number", "no limit"],
)
async def test_what_claude_says_of_its_limits_otherwise_is_not_worth_a_word(caplog, headers):
    assert await told(caplog, headers) == []
