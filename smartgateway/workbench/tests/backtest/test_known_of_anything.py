"""Requests put together at random from what the reading of an ask hangs on, before policies with fewer phrases."""

from functools import cache
from random import Random

import pytest

from routing.engine.asks import newest_ask
from routing.engine.features import measure
from routing.engine.types import LADDER, RoutingRequest
from routing.tests.engine.given import defaults, shipped, surroundings
from smartgateway.workbench.backtest.again import again
from smartgateway.workbench.backtest.differences import Difference
from smartgateway.workbench.backtest.known import known
from smartgateway.workbench.tests.backtest.given import deciding, draft, goals, kept, row, truth

TAG_LISTS = ("harness", "ask_tag")
TAGS = [tag for name in TAG_LISTS for tag in defaults()["phrases"][name]] + ["b", "div"]
PHRASES = [text for name, listed in defaults()["phrases"].items() if name not in TAG_LISTS for text in listed]
PIECES = (
    *(": ", "\n", "\n\n", ". ", "```\n", "`", '"', "'", "<", ">", "/", "src/a.py ", "é", "的", "word " * 30, "x" * 500),
    *(
        "@opus ",
        "You are a ",
        "\nUser: ",
        "\nAssistant: ",
        "Translate: ",
        "Summarize the following: ",
        "<env>",
        "</env>",
    ),
)


def text(draw, depth=0):
    return "".join(piece(draw, depth) for _ in range(draw.choice((1, 2, 4, 8, 20))))


def piece(draw, depth):
    kind = draw.random()
    if kind < 0.5:
        return draw.choice(PHRASES).replace("*", draw.choice(("", "ing"))) + draw.choice((" ", ": "))
    if kind < 0.85 or depth > 1:
        return draw.choice(PIECES)
    tag = draw.choice(TAGS)
    return f"<{tag}>{text(draw, depth + 1)}{draw.choice((f'</{tag}>', ''))}"


def content(draw):
    kind = draw.random()
    if kind < 0.6:
        return text(draw)
    if kind < 0.9:
        return [{"type": "text", "text": text(draw)} for _ in range(draw.choice((1, 2, 3)))]
    return [{"type": "tool_result", "tool_use_id": "t", "content": text(draw)}]


def anything(draw):
    roles = ["user", *(draw.choice(("user", "assistant", "system")) for _ in range(draw.choice((0, 1, 4))))]
    tool = {"type": "function", "function": {"name": "look", "description": text(draw)}}
    return RoutingRequest([{"role": role, "content": content(draw)} for role in roles], [tool] * draw.choice((0, 0, 2)))


@cache
def fewer(seed):
    """A policy that lost some lists as a whole, and of others some phrases."""
    draw = Random(seed)
    phrases = {
        name: {key: weight for key, weight in listed.items() if draw.random() < 0.6}
        for name, listed in defaults()["phrases"].items()
        if name not in TAG_LISTS and draw.random() < 0.7
    }
    off = [name for name in defaults()["phrases"] if draw.random() < 0.25]
    return Difference(shipped(), draft(phrases, thresholds={"chars_per_token": 3.0 + draw.random()}, lists_off=off))


@cache
def more(seed):
    """A policy with a few more phrases, some of which stand in almost anything."""
    draw = Random(seed)
    phrases = {
        name: {**listed, draw.choice(("the", "word word", "explain the", "x", "title for")): draw.choice((0.1, 1.0))}
        for name, listed in defaults()["phrases"].items()
        if name not in TAG_LISTS and draw.random() < 0.3
    }
    return Difference(shipped(), draft(phrases))


@pytest.mark.parametrize("with_text", [False, True], ids=["without text", "with text"])
@pytest.mark.parametrize("seed", range(5))
def test_whatever_was_asked_goes_no_further_than_its_bounds_under_a_policy_with_more_phrases(seed, with_text):
    draw = Random(seed)
    for asked in [anything(draw) for _ in range(100)]:
        difference, features = more(draw.randrange(10)), kept(measure(asked, shipped()))
        if features.tier_word:
            continue  # it is asked for by name
        ask = newest_ask(asked.messages, shipped()) if with_text else None

        found = again(row(), features, surroundings(), difference, ask if ask and ask.chars else None)

        places = [LADDER.index(tier) for tier, _ in goals(found)]
        assert min(places) <= LADDER.index(truth(asked, difference.new, surroundings())[0]) <= max(places), asked
        assert found.doubt or len(set(places)) == 1


@pytest.mark.parametrize("seed", range(10))
def test_whatever_was_asked_is_known_under_a_policy_with_fewer_phrases(seed):
    draw = Random(seed)
    for asked in [anything(draw) for _ in range(100)]:
        difference = fewer(draw.randrange(10))

        found = known(kept(measure(asked, shipped())), difference)

        assert deciding(found.features) == deciding(measure(asked, difference.new)), asked
        assert found.doubt == ""
