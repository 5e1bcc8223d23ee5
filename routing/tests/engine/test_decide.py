import pytest

from routing.engine.decide import NeedsVerdict, compute_routing_signals, decide, should_use_opus, tools_to_remove
from routing.engine.features import measure
from routing.engine.types import Band, Phase, SessionState, Tier, Verdict
from routing.tests.engine.given import (
    AGENT_PROMPT,
    CALL,
    MODELS,
    RESULT,
    TOOL,
    assistant,
    measured,
    policy,
    request,
    shipped,
    surroundings,
    system,
)

AUDIT = "Review the architecture of our payment platform and do a security audit with every exploit and mitigation."
PROSE = "The blue boats came back to the harbour before the storm and nobody had counted the nets."


def fired(decision):
    return {reason.rule for reason in decision.reasons if reason.fired}


@pytest.mark.parametrize(
    ("messages", "tools", "band"),
    [
        pytest.param(["Explain what a Python list comprehension does"], (), Band.LOCAL, id="a simple question"),
        pytest.param(["Rename this variable: tmp2 should be budget"], (), Band.LOCAL, id="a rename"),
        pytest.param([AUDIT], (), Band.CLAUDE, id="an architecture and security audit"),
        pytest.param(["Rewrite: 'security audit of the architecture'"], (), Band.LOCAL, id="quoted keywords"),
        pytest.param(['explain the word "architecture"'], (), Band.LOCAL, id="a quoted word"),
        pytest.param(["Format this:\n```\n# security audit, architecture\n```"], (), Band.LOCAL, id="fenced keywords"),
        pytest.param([PROSE], (), Band.AMBIGUOUS, id="prose without evidence"),
        pytest.param([""], (), Band.AMBIGUOUS, id="nothing at all"),
        pytest.param(["list the files", CALL, RESULT], (TOOL,), Band.CLAUDE, id="a tool loop"),
        pytest.param(["list the files", CALL, RESULT, "thanks"], (TOOL,), Band.CLAUDE, id="thanks within a tool loop"),
        pytest.param([system(AGENT_PROMPT), "hi there, how are you"], (TOOL,), Band.LOCAL, id="a greeting with tools"),
        pytest.param([system(AGENT_PROMPT), "the export does nothing"], (TOOL,), Band.CLAUDE, id="an agent's task"),
        pytest.param([PROSE, assistant("Yes.")] * 9, (), Band.CLAUDE, id="a long conversation"),
        pytest.param([PROSE + " " * 31_000], (), Band.CLAUDE, id="too long for local"),
    ],
)
def test_a_request_falls_into_its_band(messages, tools, band):
    features = measured(*messages, tools=tools)

    signals = compute_routing_signals(features, shipped(), surroundings())

    assert signals.band is band


def test_an_audit_of_the_architecture_goes_to_opus():
    decision = decide(request(AUDIT), shipped(), surroundings())

    assert (decision.tier, decision.model, decision.phase) == (Tier.OPUS, MODELS["opus"], Phase.HEURISTIC)
    assert decision.score >= 0.5
    assert fired(decision) == {"deep_reasoning", "opus_score"}


def test_a_plain_agent_task_goes_to_sonnet():
    decision = decide(request("the export does nothing", tools=(TOOL,)), shipped(), surroundings())

    assert (decision.provider, decision.model) == ("anthropic", MODELS["sonnet"])


def test_opus_is_struck_from_automatic_decisions_by_its_switch():
    decision = decide(request(AUDIT), policy(switches={"allow_auto_opus": False}), surroundings())

    assert decision.tier is Tier.SONNET


@pytest.mark.parametrize(
    ("text", "is_removed"),
    [
        pytest.param("hello, how are you?", True, id="greeting"),
        pytest.param("the export does nothing", False, id="task"),
    ],
)
def test_a_local_answer_goes_without_tools_that_its_ask_does_not_need(text, is_removed):
    asked = request(system(AGENT_PROMPT), text, tools=(TOOL,))

    decision = decide(asked, shipped(), surroundings())

    assert tools_to_remove(decision, measure(asked, shipped())) is is_removed
    assert (decision.tier is Tier.LOCAL) is is_removed


def test_no_tools_are_removed_where_none_are_declared():
    decision = decide(request("hello"), shipped(), surroundings())

    assert not tools_to_remove(decision, measured("hello"))


def test_an_ambiguous_ask_needs_a_verdict_when_the_classifier_is_ready():
    answer = decide(request(PROSE), shipped(), surroundings(classifier_ready=True))

    assert isinstance(answer, NeedsVerdict)
    assert answer.signals.band is Band.AMBIGUOUS
    assert answer.features.ask_chars == len(PROSE)


@pytest.mark.parametrize(
    ("changes", "asked"),
    [
        pytest.param({}, {"local_only": True}, id="local only"),
        pytest.param({"allowed_tiers": frozenset({Tier.SONNET})}, {}, id="one tier allowed"),
        pytest.param({"session": SessionState(Tier.SONNET)}, {}, id="a conversation with Claude"),
        pytest.param({"classifier_ready": False}, {}, id="not ready"),
    ],
)
def test_no_verdict_is_asked_for_where_it_could_not_change_the_tier(changes, asked):
    around = surroundings(**{"classifier_ready": True, **changes})

    decision = decide(request(PROSE, **asked), shipped(), around)

    assert not isinstance(decision, NeedsVerdict)


def test_no_verdict_is_asked_for_when_the_switch_is_off():
    decision = decide(request(PROSE), policy(switches={"ask_classifier": False}), surroundings(classifier_ready=True))

    assert "classifier_unavailable" in fired(decision)


@pytest.mark.parametrize(
    ("tier", "text", "expected"),
    [
        pytest.param(Tier.LOCAL, PROSE, Tier.LOCAL, id="local"),
        pytest.param(Tier.SONNET, PROSE, Tier.SONNET, id="sonnet"),
        pytest.param(Tier.OPUS, PROSE, Tier.OPUS, id="opus"),
        pytest.param(
            Tier.SONNET, "Is my proof of the lock-freeness of it right? " + PROSE, Tier.SONNET, id="low score"
        ),
        pytest.param(Tier.SONNET, "A strategy for a security audit", Tier.OPUS, id="the score raises sonnet"),
    ],
)
def test_the_verdict_decides_what_was_ambiguous(tier, text, expected):
    decision = decide(request(text), shipped(), surroundings(), Verdict(tier))

    assert (decision.tier, decision.phase) == (expected, Phase.LLM_CLASSIFIER)


def test_a_verdict_for_opus_is_struck_by_the_switch():
    strict = policy(switches={"allow_auto_opus": False})

    assert decide(request(PROSE), strict, surroundings(), Verdict(Tier.OPUS)).tier is Tier.SONNET


@pytest.mark.parametrize(
    ("text", "fallback", "expected"),
    [
        pytest.param(PROSE, "sonnet", Tier.SONNET, id="sonnet"),
        pytest.param(PROSE, "local", Tier.LOCAL, id="local by policy"),
        pytest.param(PROSE, "opus", Tier.OPUS, id="opus by policy"),
        pytest.param("A strategy for a security audit", "sonnet", Tier.OPUS, id="opus by score"),
        pytest.param("What does our deploy do?", "sonnet", Tier.LOCAL, id="a simple form against nothing"),
    ],
)
def test_without_a_verdict_the_best_guess_serves(text, fallback, expected):
    decision = decide(
        request(text), policy(ambiguous_fallback_tier=fallback), surroundings(), Verdict(None, error="timeout")
    )

    assert (decision.tier, decision.phase) == (expected, Phase.HEURISTIC)
    assert ("classifier_unavailable", "timeout") in {(reason.rule, reason.value) for reason in decision.reasons}


def test_a_fallback_to_opus_is_struck_by_the_switch():
    strict = policy(switches={"allow_auto_opus": False}, ambiguous_fallback_tier="opus")

    assert decide(request(PROSE), strict, surroundings()).tier is Tier.SONNET


@pytest.mark.parametrize(
    ("text", "tier"),
    [
        pytest.param("Do a security audit of the login", Tier.OPUS, id="a keyword"),
        pytest.param("hello", Tier.SONNET, id="none"),
    ],
)
def test_keyword_mode_knows_only_sonnet_and_opus(text, tier):
    decision = decide(request(text), policy(mode="keyword"), surroundings())

    assert (decision.tier, decision.phase) == (tier, Phase.KEYWORD)


@pytest.mark.parametrize("text", ["hello", AUDIT, "blue boats"])
def test_a_policy_that_observes_sends_everything_to_the_default_model(text):
    decision = decide(request(text), policy(mode="observe"), surroundings())

    assert (decision.tier, decision.model, decision.phase) == (Tier.SONNET, MODELS["sonnet"], Phase.DISABLED)
    assert fired(decision) == {"observing"}


def test_a_policy_that_observes_keeps_local_what_must_stay_local():
    decision = decide(request("blue boats", local_only=True), policy(mode="observe"), surroundings())

    assert decision.tier is Tier.LOCAL


def test_keyword_mode_follows_the_switch():
    assert not should_use_opus(measured(AUDIT), policy(switches={"allow_auto_opus": False}))
    assert should_use_opus(measured(AUDIT), shipped())


def test_disabled_routing_serves_sonnet():
    decision = decide(request("hello"), policy(enabled=False), surroundings())

    assert (decision.tier, decision.phase) == (Tier.SONNET, Phase.DISABLED)


def test_a_decision_can_be_decided_again_from_stored_features():
    features = measured(AUDIT)

    first = decide(request(AUDIT), shipped(), surroundings())
    again = decide(request("other words"), shipped(), surroundings(), features=type(features).unpack(features.pack()))

    assert again == first
