from functools import cache

import pytest

from routing.engine.asks import newest_ask
from routing.engine.features import measure
from routing.engine.types import LADDER, RoutingRequest, SessionState, Tier
from routing.tests.engine.given import defaults, request, shipped, surroundings, system
from smartgateway.workbench.backtest.again import CLASSIFIER, OTHER_CLASSIFIER, again
from smartgateway.workbench.backtest.differences import Difference
from smartgateway.workbench.backtest.known import CUT, PHRASES, READING, SYSTEM, TAGS, TOKENS, WITHIN
from smartgateway.workbench.tests.backtest.given import asks, draft, kept, row, truth, with_more, without

HEADS = ("", "Translate: ", "Generate a title for it.\n\nuser: ", "hello ", "Summarize the following: ")
OPEN_TO_JUDGE = surroundings(classifier_ready=True)
LISTS = sorted(set(defaults()["phrases"]) - {"harness", "ask_tag"})


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
    **{f"{name} thinned": draft(every_second(name)) for name in LISTS},
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


def tried(asked, new, *, around=None, with_text=False, **fields):
    ask = newest_ask(asked.messages, shipped()) if with_text else None
    features = kept(measure(asked, shipped()))
    return again(row(**fields), features, around or surroundings(), Difference(shipped(), new), ask)


def goals(found):
    return {way.goal for way in found.ways}


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


@pytest.mark.parametrize("name", [name for name in DRAFTS if "more" not in name and "simple" not in name])
def test_without_new_phrases_almost_nothing_is_in_doubt(name):
    found = [again(row(), features, surroundings(), difference(name)) for _, features in varied_asks()]

    assert sum(bool(each.doubt) for each in found) <= 0.1 * len(found)


def test_a_new_phrase_leaves_a_request_in_doubt_whose_text_is_not_kept():
    asked = request("Explain our frobnication")
    new = draft(with_more("deep_reasoning", frobnication=0.9))

    without_text, with_text = tried(asked, new), tried(asked, new, with_text=True)

    assert (without_text.doubt, goals(without_text)) == (PHRASES, {goal_of("local"), goal_of("opus")})
    assert (with_text.doubt, goals(with_text)) == ("", {goal_of("opus")})


def goal_of(tier):
    return tier, shipped().models[tier]


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


def test_what_follows_a_colon_is_in_doubt_once_nothing_introduces_it():
    asked = request("Translate: prove that the lock free queue is linearizable")

    assert tried(asked, draft(without("simple_task"))).doubt == READING
    assert tried(asked, draft(without("simple_task", "rename"))).doubt == ""


def test_another_ratio_of_tokens_matters_only_near_the_window():
    new = draft(thresholds={"chars_per_token": 4.0})
    edge = request(system("x" * 50_690), "hello")

    assert tried(request("hello"), new).doubt == ""
    assert {tried(edge, draft(thresholds={"chars_per_token": 3.3 + step / 1000})).doubt for step in range(-1, 2)} <= {
        "",
        TOKENS,
    }


def test_other_harness_tags_leave_the_ask_itself_in_doubt():
    assert tried(request("hello"), draft({"harness": {"note": 1.0}}), with_text=True).doubt == TAGS


@pytest.mark.parametrize("name", LISTS)
def test_a_list_that_is_switched_off_is_exact_but_for_what_followed_a_colon(name):
    found = [again(row(), features, surroundings(), difference(f"{name} off")) for _, features in varied_asks()]

    assert {each.doubt for each in found if each.doubt} <= ({READING} if name == "simple_task" else set())


def test_a_phrase_within_one_that_could_end_in_any_way_is_perhaps_there():
    old = draft(with_more("multi_file", **{"shuffle": 1, "then shuffle*": 1}))
    new = draft(with_more("multi_file", shuffle=1))
    asked = request("Rename it, then shuffle it")

    found = again(row(), kept(measure(asked, old)), surroundings(), Difference(old, new))

    assert found.doubt == WITHIN
    assert again(row(), kept(measure(asked, old)), surroundings(), Difference(old, new), ask_of(asked)).doubt == ""


def test_more_phrases_than_recorded_are_perhaps_there():
    texts = ("alpha", "beta", "gamma", "delta")
    old = draft({"multi_file": dict.fromkeys(texts, 1.0)})
    new = draft({"multi_file": {"delta": 1.0}})
    asked = request(f"Rename {' '.join(texts)}")

    found = again(row(), kept(measure(asked, old)), surroundings(), Difference(old, new))

    assert found.doubt == CUT
    assert again(row(), kept(measure(asked, old)), surroundings(), Difference(old, new), ask_of(asked)).doubt == ""


def test_housekeeping_whose_phrase_is_gone_may_have_another_in_its_system_prompt():
    asked = request(system("Generate a title for the conversation"), "Generate a title for it")
    gone = [text for text in defaults()["phrases"]["housekeeping"] if "title" in text]

    found = tried(asked, draft(without("housekeeping", *gone)))

    assert found.doubt == SYSTEM


def ask_of(asked):
    return newest_ask(asked.messages, shipped())


def test_the_recorded_answer_of_the_classifier_is_taken_again():
    found = tried(
        request("blue boats"),
        draft(thresholds={"near_margin": 0.1}),
        around=OPEN_TO_JUDGE,
        classifier_state="miss",
        classifier_tier="opus",
    )

    assert (found.doubt, goals(found)) == ("", {goal_of("opus")})
    assert all(way.calls for way in found.ways)


def test_nobody_knows_what_a_classifier_would_have_said_that_was_not_asked():
    found = tried(request("Explain this function"), draft(without("simple_task")), around=OPEN_TO_JUDGE)

    assert found.doubt == CLASSIFIER
    assert goals(found) == {goal_of("local"), goal_of("sonnet"), goal_of("opus")}


def test_another_classifier_may_say_something_else():
    models = {**defaults()["models"], "classifier": "another"}
    found = tried(
        request("blue boats"),
        draft(models=models),
        around=OPEN_TO_JUDGE,
        classifier_state="hit",
        classifier_tier="opus",
    )

    assert found.doubt == OTHER_CLASSIFIER


def test_a_classifier_that_did_not_answer_does_not_answer_again():
    found = tried(request("blue boats"), draft(mode="local_first"), around=OPEN_TO_JUDGE, classifier_state="timeout")

    assert (found.doubt, goals(found)) == ("", {goal_of("sonnet")})


def test_what_was_asked_for_by_name_stays():
    fields = {"phase": "explicit", "requested_model": "opus", "tier": "opus", "provider_name": "anthropic"}

    assert tried(request("hello"), DRAFTS["thresholds"], **fields).is_same


def test_claude_without_a_tier_is_weighed_again():
    asked = request("Prove it")
    fields = {"phase": "explicit", "requested_provider": "anthropic", "tier": "sonnet", "provider_name": "anthropic"}

    found = tried(asked, DRAFTS["thresholds"], **fields)

    assert goals(found) == {goal_of("opus")}


def test_haiku_by_name_stays_haiku_where_names_are_read_anew():
    fields = {"phase": "explicit", "tier": "haiku", "model": "claude-haiku-5-5", "provider_name": "anthropic"}

    found = tried(request("hello"), draft(aliases=[]), requested_model="haiku", **fields)

    assert goals(found) == {("haiku", "claude-haiku-5-5")}


@pytest.mark.parametrize(
    ("aliases", "goal"),
    [
        pytest.param([{"pattern": "gpt-*", "target": "opus"}], goal_of("opus"), id="to a tier"),
        pytest.param([{"pattern": "gpt-*", "target": "auto"}], goal_of("local"), id="as before"),
        pytest.param([], ("refused", ""), id="gone"),
    ],
)
def test_another_alias_sends_its_name_elsewhere(aliases, goal):
    found = tried(request("hello"), draft(aliases=aliases), requested_model="gpt-4o")

    assert goals(found) == {goal}


def test_what_a_header_asked_for_is_asked_for_again():
    fields = {"phase": "explicit", "tier": "opus", "provider_name": "anthropic", "model": "claude-opus-5-5"}
    models = {**defaults()["models"], "opus": "claude-opus-6"}

    assert goals(tried(request("hello"), draft(models=models), **fields)) == {("opus", "claude-opus-6")}


def test_a_local_model_that_was_named_is_named_again():
    fields = {"phase": "explicit", "requested_model": "llama3", "model": "llama3"}

    assert goals(tried(request("hello"), draft(aliases=[]), **fields)) == {("local", "llama3")}


def test_what_was_refused_stays_refused():
    fields = {"phase": "explicit", "tier": "", "model": "", "status": "refused", "error_type": "tier_not_allowed"}

    assert tried(request("hello"), DRAFTS["thresholds"], **fields).is_same
