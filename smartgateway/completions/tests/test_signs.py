from dataclasses import replace
from uuid import uuid4

import pytest

from routing.providers.base import ProviderUnavailableError
from smartgateway.completions import path, signs
from smartgateway.completions.errors import GatewayError
from smartgateway.completions.exchange import Ask, Options
from smartgateway.completions.signs import repeated_calls

QUESTION = "Explain what a Python list comprehension does"


class Clock:
    now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(signs, "_memory", signs.Memory(clock))
    return clock


@pytest.fixture
def decided(world):
    """Sends an ask and gives its decision as it was recorded."""

    async def send(text=QUESTION, *, key=None, messages=None, model="auto", **options):
        body = {"messages": messages or [{"role": "user", "content": text}], "model": model}
        await path.complete(Ask(key or world.key, "chat", body, Options(**options), is_stream=False))
        return world.record.decisions[-1]

    return send


@pytest.fixture
def session():
    """A conversation of the test's own: how it was answered outlives the test."""
    return uuid4().hex


def turn(text, *past):
    return [*past, {"role": "user", "content": text}]


async def test_the_same_ask_again_is_noted(decided):
    first, second = await decided(), await decided()

    assert (first.is_repeated_ask, second.is_repeated_ask) == (False, True)
    assert first.ask_digest == second.ask_digest


async def test_the_same_ask_further_down_its_conversation_is_noted(decided):
    await decided()

    past = [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": "It makes a list."}]

    assert (await decided(messages=turn(QUESTION, *past))).is_repeated_ask


async def test_what_was_never_answered_is_not_asked_again(decided, world):
    world.local.failures = [ProviderUnavailableError("down", kind="unavailable", is_retryable=False)] * 3
    world.anthropic.failures = [ProviderUnavailableError("down", kind="unavailable", is_retryable=False)] * 5
    with pytest.raises(GatewayError):
        await decided()
    world.local.failures, world.anthropic.failures = [], []

    assert not (await decided()).is_repeated_ask


async def test_another_key_or_end_user_asks_for_the_first_time(decided, world):
    await decided(end_user="ada")

    assert not (await decided(end_user="ben")).is_repeated_ask
    assert not (await decided(end_user="ada", key=replace(world.key, id=2))).is_repeated_ask


async def test_a_short_word_said_twice_is_no_ask_again(decided):
    await decided("Please go on")

    assert not (await decided("Please go on")).is_repeated_ask


async def test_after_ten_minutes_it_is_a_new_ask(decided, clock):
    await decided()
    clock.now += 601

    assert not (await decided()).is_repeated_ask


async def test_an_agents_turn_is_no_ask_again(decided):
    call = {"id": "c1", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    loop = [*turn(QUESTION), {"role": "assistant", "content": None, "tool_calls": [call]}]
    result = {"role": "tool", "tool_call_id": "c1", "content": "nothing"}
    await decided()

    assert not (await decided(messages=[*loop, result])).is_repeated_ask


@pytest.mark.parametrize("tier", ["opus", "haiku"])
async def test_a_higher_tier_by_name_in_a_conversation_that_auto_answered_is_noted(decided, session, tier):
    assert (await decided(session=session)).tier == "local"

    raised = await decided("No, think about it again", session=session, tier=tier)
    after = await decided("And now the next one please", session=session, tier=tier)

    assert (raised.is_raised, after.is_raised) == (True, False)


async def test_a_tiers_name_before_the_same_ask_is_both(decided, session):
    await decided(session=session)

    raised = await decided(f"@opus {QUESTION}", session=session)

    assert (raised.is_raised, raised.is_repeated_ask) == (True, True)


@pytest.mark.parametrize(
    ("before", "now"),
    [
        pytest.param({}, {"tier": "local"}, id="the same tier"),
        pytest.param({"tier": "local"}, {"tier": "opus"}, id="what was asked for by name before"),
        pytest.param({"session": uuid4().hex}, {"tier": "opus"}, id="another conversation"),
        pytest.param({}, {}, id="auto again"),
    ],
)
async def test_nothing_was_raised_by(decided, session, before, now):
    await decided(**{"session": session, **before})

    assert not (await decided("No, think about it again", **{"session": session, **now})).is_raised


async def test_what_is_remembered_is_bounded_and_the_oldest_goes(decided, monkeypatch):
    monkeypatch.setattr(signs, "MOST_REMEMBERED", 2)
    for number in range(3):
        await decided(f"{QUESTION} number {number}")

    assert (await decided(f"{QUESTION} number 2")).is_repeated_ask
    assert not (await decided(f"{QUESTION} number 0")).is_repeated_ask


def calls(*pairs):
    return [
        {"role": "assistant", "tool_calls": [{"function": {"name": name, "arguments": arguments}}]}
        for name, arguments in pairs
    ]


@pytest.mark.parametrize(
    ("pairs", "count"),
    [
        pytest.param([("look", "a")] * 3, 3, id="three times"),
        pytest.param([("look", "a"), ("edit", "b")] * 3 + [("look", "a")], 4, id="between other calls"),
        pytest.param([("look", "a")] * 2, 0, id="twice is nothing yet"),
        pytest.param([("look", "a"), ("look", "b"), ("look", "c")], 0, id="other arguments"),
        pytest.param([("look", "a")] * 3 + [("edit", "a")], 0, id="the newest call is another"),
        pytest.param([], 0, id="no calls"),
    ],
)
def test_a_tool_call_that_repeats_is_counted(pairs, count):
    assert repeated_calls(calls(*pairs)) == count


def test_calls_in_an_unknown_form_are_no_calls():
    assert repeated_calls([{"role": "assistant", "tool_calls": each} for each in ("x", [1], [{"function": None}])]) == 0


async def test_a_decision_in_a_tool_loop_says_how_often_the_call_was_made(decided):
    made = calls(*[("look", '{"path": "a.py"}')] * 4)
    result = {"role": "tool", "tool_call_id": "c1", "content": "nothing"}

    decision = await decided(messages=[*turn(QUESTION), *(each for call in made for each in (call, result))])

    assert decision.repeated_tool_calls == 4
