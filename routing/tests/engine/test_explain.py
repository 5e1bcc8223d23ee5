"""Explanations, held against deciding again with every nearby value."""

from dataclasses import replace

import pytest

from routing.engine.automatic import NeedsVerdict, decide_automatically
from routing.engine.breakpoints import SHARES
from routing.engine.decide import decide
from routing.engine.explain import deciding, explain
from routing.engine.types import Band, LocalOnlyError, Phase, SessionState, Tier, Verdict
from routing.policies.shipped import bounds
from routing.tests.engine.given import (
    AGENT_PROMPT,
    CALL,
    LOCAL,
    RESULT,
    TOOL,
    measured,
    policy,
    request,
    shipped,
    surroundings,
    system,
)

UNASKED = Verdict(None, error="skipped:not_asked")
NO_TOOLS_PROBED = replace(LOCAL, tools=False)


def found(features, rules=None, around=None, verdict=None):
    return explain(features, rules or shipped(), around or surroundings(), verdict, bounds())


def least(explanation, kind):
    return next((flip for flip in explanation.flips if flip.step.kind == kind), None)


def tier_of(features, rules, around=None):
    decision = decide_automatically(features, rules, around or surroundings(), UNASKED)
    assert not isinstance(decision, NeedsVerdict)
    return decision.tier


ASKS = [
    pytest.param(["what is a monad"], {}, id="self-contained"),
    pytest.param(["Explain how to prove it"], {}, id="both sides"),
    pytest.param(["prove the theorem"], {}, id="opus"),
    pytest.param(["design it for millions of users on a tight budget without downtime"], {}, id="constraints"),
    pytest.param(["thanks, please rename it"], {}, id="greeting"),
    pytest.param(["a" * 33_000], {}, id="long"),
    pytest.param(["Explain this:\n```\n" + "x = 1\n" * 600 + "```"], {}, id="long code"),
    pytest.param([system(AGENT_PROMPT), "fix the parser"], {"tools": (TOOL,)}, id="agent"),
    pytest.param([CALL, RESULT, "go on", "and on", "rename x to y"], {}, id="tool at work"),
    pytest.param(["look at a.py, b.py, c.py, d.py, e.py and f.py"], {}, id="files"),
]


@pytest.mark.parametrize(("messages", "changes"), ASKS)
def test_no_smaller_change_of_a_threshold_would_have_flipped_the_tier(messages, changes):
    features = measured(*messages, **changes)
    flip = least(found(features), "threshold")
    tier = tier_of(features, shipped())

    for name, (lower, upper) in bounds().items():
        for value in nearer(name, flip.step.size if flip else 1.0):
            tried = in_loop(features, value) if name == "tool_loop_window" else features
            assert not lower <= value <= upper or tier_of(tried, policy({name: value})) is tier, (name, value)


def nearer(name, size):
    """Values that an operator may set, less than `size` away."""
    now = shipped().thresholds[name]
    reach = min(size, 1.0) * max(abs(now), 1.0)
    values = {round(now + share * reach, 3 if name in SHARES else 0) for share in (-1, -0.7, -0.3, 0.3, 0.7, 1)}
    return {value for value in values if round(abs(value - now), 4) < round(reach, 4)}


def in_loop(features, window):
    return features._replace(tool_loop=0 < features.tool_distance <= window)


@pytest.mark.parametrize(("messages", "changes"), ASKS)
def test_a_named_change_of_a_threshold_flips_the_tier_and_lies_within_its_bounds(messages, changes):
    features = measured(*messages, **changes)

    flip = least(found(features), "threshold")

    if flip is not None:
        lower, upper = bounds()[flip.step.name]
        assert lower <= flip.step.to <= upper
        assert tier_of(features, policy({flip.step.name: flip.step.to})) is flip.tier
        assert flip.tier is not tier_of(features, shipped())


@pytest.mark.parametrize(
    ("messages", "changes", "threshold", "to", "tier"),
    [
        (["Explain how to prove it"], {}, "heavy_phrase_weight", 0.301, Tier.LOCAL),
        (["prove the theorem"], {}, "opus_score_threshold", 0.501, Tier.SONNET),
    ],
)
def test_the_least_change_of_a_threshold_is_named(messages, changes, threshold, to, tier):
    flip = least(found(measured(*messages, **changes)), "threshold")

    assert (flip.step.name, flip.step.to, flip.tier) == (threshold, to, tier)


def test_a_score_that_is_capped_is_freed_by_the_cap_alone():
    features = measured("prove the theorem")._replace(hits={})
    scoring = measured("it must have no downtime and low latency on a tight budget, across the whole platform")
    features = features._replace(hits=scoring.hits)
    strict = policy({"opus_score_threshold": 0.4, "constraints_score_cap": 0.1, "multi_file_hits": 1})
    assert tier_of(features, strict) is Tier.SONNET

    flip = least(found(features, strict), "threshold")

    assert tier_of(features, policy({**strict.thresholds, flip.step.name: flip.step.to})) is flip.tier


FEATURES = [
    pytest.param(["fix it"], {"local_only": True}, {}, "local_only", Tier.SONNET, id="local only"),
    pytest.param(["what is a monad"], {"min_tier": Tier.SONNET}, {}, "min_tier", Tier.LOCAL, id="least tier"),
    pytest.param(["thanks"], {}, {}, "greeting_share", Tier.SONNET, id="a greeting"),
    pytest.param([CALL, RESULT, "what is a monad"], {}, {}, "tool_distance", Tier.LOCAL, id="no tool at work"),
    pytest.param(
        ["Rename x to y: x = 1"],
        {"tools": (TOOL,)},
        {"local": NO_TOOLS_PROBED},
        "files",
        Tier.SONNET,
        id="files beside tools",
    ),
]


@pytest.mark.parametrize(("messages", "changes", "around", "feature", "tier"), FEATURES)
def test_the_least_change_of_a_feature_is_named(messages, changes, around, feature, tier):
    flip = least(found(measured(*messages, **changes), around=surroundings(**around)), "feature")

    assert (flip.step.name, flip.tier) == (feature, tier)


def test_a_phrase_that_made_the_difference_is_named():
    flip = least(found(measured("Explain how to prove it")), "phrases")

    assert (flip.step.phrase, flip.step.to, flip.tier) == ("prove", 0.0, Tier.LOCAL)


def test_a_phrase_that_is_missing_is_named_where_it_matters_which():
    flip = least(found(measured("our importer is slow")), "phrases")

    heaviest = max(shipped().phrases["deep_reasoning"].values())
    assert shipped().phrases["deep_reasoning"][flip.step.phrase] == heaviest
    assert flip.tier is Tier.OPUS


def test_any_phrase_of_a_list_does_where_their_weights_do_not_matter():
    thrifty = policy(ambiguous_fallback_tier="opus", switches={"allow_auto_opus": False})

    flip = least(found(measured("what is a monad"), thrifty), "phrases")

    assert (flip.step.phrase, flip.step.to) == ("", 1.0)


def test_all_phrases_of_a_list_go_where_one_less_changes_nothing():
    many = measured("do a security audit, threat model and a race condition analysis; prove it")

    flip = least(found(many), "phrases")

    assert flip.step.to == 0.0
    assert flip.step.value > 1


def test_an_ambiguous_request_is_explained_with_the_verdict_that_decided_it():
    features = measured("our importer is slow")

    explained = found(features, verdict=Verdict(Tier.LOCAL))

    assert (explained.band, explained.tier) == (Band.AMBIGUOUS, Tier.LOCAL)
    assert all(flip.tier is not Tier.LOCAL for flip in explained.flips)


def test_where_the_classifier_would_have_been_asked_is_said():
    around = surroundings(classifier_ready=True)

    explained = found(measured("prove the theorem"), policy({"heavy_phrase_weight": 1.0}), around)

    assert any(flip.asks_classifier for flip in explained.flips) == any(
        flip.band is Band.AMBIGUOUS for flip in explained.flips
    )


def test_a_kept_conversation_is_explained_by_its_silence():
    around = surroundings(session=SessionState(Tier.OPUS, True, 250.0))

    flip = least(found(measured("what is a monad"), around=around), "threshold")

    assert (flip.step.name, flip.step.to, flip.tier) == ("session_idle_seconds", 250.0, Tier.LOCAL)


def test_what_cannot_be_routed_is_not_explained_away():
    impossible = measured("what is a monad", local_only=True, min_tier=Tier.OPUS)

    with pytest.raises(LocalOnlyError):
        found(impossible)


def test_without_bounds_no_threshold_is_changed():
    assert least(explain(measured("prove the theorem"), shipped(), surroundings()), "threshold") is None


def test_every_rule_is_tried_and_what_fired_comes_first():
    explained = found(measured("what is a monad"))

    assert explained.tried[0].rule == "self_contained"
    assert len({reason.rule for reason in explained.tried}) == len(explained.tried) == 18


def test_the_policy_is_as_it_was_afterwards():
    rules, features = policy(), measured("prove the theorem")
    before = dict(rules.thresholds)

    found(features, rules)

    assert rules.thresholds == before


DECIDING = [
    pytest.param(["what is a monad"], {}, {}, ["self_contained"], id="a rule"),
    pytest.param([CALL, RESULT, "what is a monad"], {}, {}, ["tool_loop"], id="what cannot be local"),
    pytest.param(["what is a monad"], {"tools": (TOOL,)}, {}, ["self_contained"], id="what outweighs"),
    pytest.param(["our importer is slow"], {}, {}, ["classifier_unavailable"], id="the fallback"),
    pytest.param(["what is a monad"], {"requested_model": "opus"}, {}, ["explicit_model"], id="by name"),
    pytest.param(["prove it"], {"local_only": True}, {}, ["local_only"], id="a limit"),
    pytest.param(["prove the theorem"], {}, {}, ["deep_reasoning", "opus_score"], id="the score as well"),
    pytest.param(
        ["what is a monad"], {}, {"session": SessionState(Tier.OPUS)}, ["session_floor"], id="the conversation"
    ),
]


@pytest.mark.parametrize(("messages", "changes", "around", "rules"), DECIDING)
def test_what_decided_is_told_apart_from_what_only_fired(messages, changes, around, rules):
    asked, world = request(*messages, **changes), surroundings(**around)
    decision = decide(asked, shipped(), world, UNASKED)
    band = found(measured(*messages, **changes), around=world).band

    decisive = deciding(decision.phase, band, decision.reasons)

    assert [reason.rule for reason in decisive] == rules


def test_in_keyword_mode_the_keyword_decides_whether_it_was_there_or_not():
    decision = decide(request("hello"), policy(mode="keyword"), surroundings())

    assert decision.phase is Phase.KEYWORD
    assert [reason.rule for reason in deciding(decision.phase, "", decision.reasons)] == ["keyword_opus"]


def test_keyword_mode_is_flipped_by_a_keyword():
    flip = least(found(measured("hello"), policy(mode="keyword")), "phrases")

    assert (flip.step.name, flip.tier) == ("keyword_opus", Tier.OPUS)


def test_without_a_local_model_nothing_is_compared_with_its_context():
    explained = found(measured("prove the theorem"), around=surroundings(local=None))

    assert {flip.step.name for flip in explained.flips}.isdisjoint({"local_answer_reserve", "estimated_tokens"})


def test_a_list_whose_every_phrase_was_said_offers_no_other():
    short = policy(phrases={**shipped().phrases, "deep_reasoning": {"prove": 0.5}})

    flip = least(found(measured("prove it"), short), "phrases")

    assert (flip.step.name, flip.step.phrase) != ("deep_reasoning", "prove") or flip.step.to < flip.step.value
