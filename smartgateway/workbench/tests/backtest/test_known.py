from functools import cache

import pytest

from routing.engine.asks import newest_ask
from routing.engine.features import measure
from routing.engine.types import LADDER, RoutingRequest
from routing.tests.engine.given import defaults, shipped, surroundings
from smartgateway.workbench.backtest.again import again
from smartgateway.workbench.backtest.differences import Difference
from smartgateway.workbench.backtest.known import known
from smartgateway.workbench.tests.backtest.given import (
    asks,
    deciding,
    draft,
    goals,
    kept,
    row,
    truth,
    with_more,
)

HEADS = (
    "",
    "Translate: ",
    "Generate a title for it.\n\nuser: ",
    "<system-reminder>Explain: a security audit of all files</system-reminder>",
    "hello ",
    "Summarize the following: ",
    "<env>Review it</env><task>Explain this</task>",
)
LISTS = sorted(defaults()["phrases"])
TAG_LISTS = ("harness", "ask_tag")


def every_second(name):
    return {name: dict(list(defaults()["phrases"][name].items())[::2])}


def halved(name):
    return {name: {text: round(weight / 2, 3) for text, weight in defaults()["phrases"][name].items()}}


DRAFTS = {
    "thresholds": draft(thresholds={"opus_score_threshold": 0.2, "simple_task_chars": 90, "named_files": 0}),
    "windows": draft(thresholds={"tool_loop_window": 1, "long_conversation_turns": 2, "local_context_char_limit": 900}),
    "switches": draft(switches={"allow_auto_opus": False}),
    "keyword mode": draft(mode="keyword"),
    "ambiguous to opus": draft(ambiguous_fallback_tier="opus"),
    **{f"{name} off": draft(lists_off=[name]) for name in LISTS},
    **{f"{name} thinned": draft(every_second(name)) for name in LISTS if name not in TAG_LISTS},
    "everything thinned": draft({key: kept for name in LISTS for key, kept in every_second(name).items()}),
    "everything off": draft(lists_off=LISTS),
    "tokens": draft(thresholds={"chars_per_token": 2.5, "image_tokens": 500}),
    **{f"{name} lighter": draft(halved(name)) for name in ("deep_reasoning", "scope", "conflicting_constraints")},
    **{
        f"{name} with more": draft(with_more(name, **{"the": 0.5, "files in": 0.3}))
        for name in ("deep_reasoning", "simple_task", "housekeeping", "context_word", "greeting")
    },
}


@cache
def varied_asks():
    """The labelled requests, and some of their asks again with other beginnings, each as it was measured."""
    return [(asked, kept(measure(asked, shipped()))) for asked in asks_and_more()]


def asks_and_more():
    for number, asked in enumerate(asks()[::2]):
        yield asked
        text = asked.messages[-1]["content"]
        if isinstance(text, str):
            head = HEADS[number % len(HEADS)]
            yield RoutingRequest([*asked.messages[:-1], {"role": "user", "content": head + text}], asked.tools)


@cache
def difference(name):
    return Difference(shipped(), DRAFTS[name])


@pytest.mark.parametrize("with_text", [False, True], ids=["without text", "with text"])
@pytest.mark.parametrize("name", DRAFTS)
def test_what_is_decided_again_is_what_the_text_would_have_led_to(name, with_text):
    for asked, features in varied_asks():
        expected = truth(asked, DRAFTS[name], surroundings())
        ask = newest_ask(asked.messages, shipped()) if with_text else None

        found = again(row(), features, surroundings(), difference(name), ask)

        if found.doubt:
            places = [LADDER.index(tier) for tier, _ in goals(found)]
            assert min(places) <= LADDER.index(expected[0]) <= max(places)
        else:
            assert goals(found) == {expected}


@pytest.mark.parametrize("name", [name for name in DRAFTS if "more" not in name and name != "everything thinned"])
def test_without_new_phrases_all_is_known_that_a_decision_is_made_from(name):
    for asked, features in varied_asks():
        found = known(features, difference(name))

        assert deciding(found.features) == deciding(measure(asked, DRAFTS[name]))
        assert (found.low, found.high, found.doubt) == (None, None, "")
