"""What stays in doubt of a request under another policy, and what does not."""

import pytest

from routing.engine.features import measure
from routing.engine.types import SessionState, Tier, phrase_id
from routing.tests.engine.given import request, shipped, surroundings, system
from smartgateway.workbench.backtest.again import again
from smartgateway.workbench.backtest.differences import Difference
from smartgateway.workbench.backtest.known import BEFORE, PHRASES, READING, TAGS, known
from smartgateway.workbench.tests.backtest.given import (
    draft,
    goal_of,
    goals,
    kept,
    row,
    tried,
    with_more,
    without,
)


def test_a_new_phrase_leaves_a_request_in_doubt_whose_text_is_not_kept():
    asked = request("Explain our frobnication")
    new = draft(with_more("deep_reasoning", frobnication=0.9))

    without_text, with_text = tried(asked, new), tried(asked, new, with_text=True)

    assert (without_text.doubt, goals(without_text)) == (PHRASES, {goal_of("local"), goal_of("opus")})
    assert (with_text.doubt, goals(with_text)) == ("", {goal_of("opus")})


def test_a_new_phrase_cannot_stand_where_what_it_is_made_of_does_not():
    new = draft(with_more("deep_reasoning", **{"audit of everything": 0.9}))

    assert tried(request("Explain this function"), new).doubt == ""
    assert tried(request("Explain an audit"), new).doubt == PHRASES


def test_a_new_phrase_changes_nothing_of_what_is_held_by_its_conversation():
    held = surroundings(session=SessionState(Tier.SONNET, True, 10))

    assert tried(request("hello"), draft(with_more("multi_file", zebra=1)), around=held).doubt == ""


def test_a_phrase_within_one_that_is_taken_away_counts():
    new = draft(without("deep_reasoning", "security audit"))

    found = tried(request("a security audit"), new)

    weights = new.phrases["deep_reasoning"]
    assert [way.decision.score for way in found.ways] == [weights["audit"]]


def test_what_follows_a_colon_is_the_ask_itself_once_nothing_introduces_it():
    asked = request("Translate: prove that the lock free queue is linearizable")

    found = tried(asked, draft(without("simple_task")))

    assert (found.doubt, goals(found)) == ("", {goal_of("opus")})
    assert goals(tried(asked, draft(without("simple_task", "rename")))) == {goal_of("local")}


def test_what_a_harness_wrote_is_the_ask_once_its_tags_are_gone():
    asked = request("<env>prove it</env>hello")

    found = tried(asked, draft(lists_off=["harness"]))

    assert (found.doubt, found.ways[0].decision.score > 0) == ("", True)


def test_one_of_several_tags_that_is_gone_leaves_the_ask_in_doubt():
    asked = request("<env>prove it</env><context>all files</context>hello")

    assert tried(asked, draft(without("harness", "env"))).doubt == TAGS
    assert tried(request("<env>prove it</env>hello"), draft(without("harness", "env"))).doubt == ""


@pytest.mark.parametrize("with_text", [False, True], ids=["without text", "with text"])
def test_a_new_tag_may_have_stood_around_an_ask(with_text):
    assert tried(request("hello"), draft(with_more("harness", note=1.0)), with_text=with_text).doubt == TAGS


@pytest.mark.parametrize("said", ["hello", "@opus hello"])
def test_a_word_that_names_a_tier_matters_where_it_was_said(said):
    old = draft(switches={"tier_words": False})
    features = kept(measure(request(said), old))

    found = again(row(), features, surroundings(), Difference(old, draft(switches={"tier_words": True})))

    assert found.doubt == (READING if said.startswith("@") else "")


@pytest.mark.parametrize("new", [draft(lists_off=["greeting"]), draft(thresholds={"chars_per_token": 9.0})])
def test_what_an_earlier_release_recorded_is_bounded(new):
    features = measure(request(system("x" * 50_690), "hello"), shipped())._replace(otherwise=None)

    found = again(row(), features, surroundings(), Difference(shipped(), new))

    assert found.doubt in ("", BEFORE)
    assert known(features, Difference(shipped(), new)).doubt == BEFORE


def test_a_phrase_within_one_that_could_end_in_any_way_is_known_to_be_there():
    old = draft(with_more("multi_file", **{"shuffle": 1, "then shuffle*": 1}))
    new = draft(with_more("multi_file", shuffle=1))

    for said, hits in (("Rename it, then shuffle it", 1), ("Rename it, then shuffled", 0)):
        found = known(kept(measure(request(said), old)), Difference(old, new))

        assert len(found.features.hits.get("multi_file", ())) == hits


def test_more_phrases_than_count_are_all_known():
    texts = ("alpha", "beta", "gamma", "delta")
    old = draft({"multi_file": dict.fromkeys(texts, 1.0)})
    new = draft({"multi_file": {"delta": 1.0}})

    found = known(kept(measure(request(f"Rename {' '.join(texts)}"), old)), Difference(old, new))

    assert found.features.hits["multi_file"] == (phrase_id("delta"),)


def test_housekeeping_whose_phrase_is_gone_is_known_by_its_system_prompt():
    old = draft(with_more("housekeeping", **{"name this chat": 1}))
    new = draft({"housekeeping": {"name this chat": 1.0}})

    for prompt in ("Name this chat", "Be brief"):
        asked = request(system(prompt), "Generate a title for it")
        found = known(kept(measure(asked, old)), Difference(old, new))

        assert found.features.is_housekeeping == (prompt == "Name this chat")
