import pytest

from routing.engine.decide import NeedsVerdict, decide
from routing.engine.types import LocalOnlyError, Phase, SessionState, Tier, TierNotAllowedError
from routing.tests.engine.given import CALL, DEMO, LOCAL, RESULT, TOOL, policy, request, shipped, surroundings

AUDIT = "Do a security audit of the architecture and rank every mitigation."
PROSE = "The blue boats came back to the harbour before the storm and nobody had counted the nets."
SONNET_SESSION = SessionState(Tier.SONNET, used_tools=True, idle_seconds=299)
OPUS_SESSION = SessionState(Tier.OPUS)


def decided(*messages, around=None, chosen_policy=None, **asked):
    return decide(request(*messages, **asked), chosen_policy or shipped(), surroundings(**(around or {})))


def rules(decision):
    return [reason.rule for reason in decision.reasons if reason.fired]


@pytest.mark.parametrize(
    ("messages", "session", "tier", "phase"),
    [
        pytest.param(["thanks"], SONNET_SESSION, Tier.SONNET, Phase.SESSION, id="what is simple stays with Claude"),
        pytest.param([PROSE], SONNET_SESSION, Tier.SONNET, Phase.SESSION, id="what is ambiguous is not asked about"),
        pytest.param([AUDIT], SONNET_SESSION, Tier.SONNET, Phase.SESSION, id="opus is judged at the first ask alone"),
        pytest.param(["go", CALL, RESULT], OPUS_SESSION, Tier.OPUS, Phase.SESSION, id="tool results inherit"),
        pytest.param(["go", CALL, RESULT], SONNET_SESSION, Tier.SONNET, Phase.HEURISTIC, id="the rules say the same"),
        pytest.param(["thanks"], SONNET_SESSION._replace(idle_seconds=300), Tier.LOCAL, Phase.HEURISTIC, id="idle"),
        pytest.param(["thanks"], SessionState(Tier.LOCAL), Tier.LOCAL, Phase.HEURISTIC, id="never above local"),
        pytest.param([AUDIT], SessionState(Tier.LOCAL), Tier.OPUS, Phase.HEURISTIC, id="raised from local"),
        pytest.param(["Generate a title: x"], OPUS_SESSION, Tier.LOCAL, Phase.HEURISTIC, id="housekeeping is no part"),
    ],
)
def test_a_conversation_with_claude_keeps_its_tier(messages, session, tier, phase):
    decision = decided(*messages, around={"session": session})

    assert (decision.tier, decision.phase) == (tier, phase)
    assert ("session_floor" in rules(decision)) == (session.tier is not Tier.LOCAL and tier is not Tier.LOCAL)


def test_housekeeping_with_tools_belongs_to_its_conversation():
    decision = decided("Generate a title: x", around={"session": OPUS_SESSION}, tools=(TOOL,))

    assert decision.tier is Tier.OPUS


def test_a_conversation_with_opus_goes_on_with_sonnet_when_opus_is_struck():
    decision = decided(
        PROSE, around={"session": OPUS_SESSION}, chosen_policy=policy(switches={"allow_auto_opus": False})
    )

    assert decision.tier is Tier.SONNET


@pytest.mark.parametrize(
    ("asked", "tier", "rule"),
    [
        pytest.param({"min_tier": Tier.SONNET}, Tier.SONNET, "min_tier", id="at least sonnet"),
        pytest.param({"min_tier": Tier.OPUS}, Tier.OPUS, "min_tier", id="at least opus"),
        pytest.param({"min_tier": Tier.LOCAL}, Tier.LOCAL, None, id="at least local"),
        pytest.param({}, Tier.LOCAL, None, id="nothing asked"),
    ],
)
def test_the_least_tier_raises(asked, tier, rule):
    decision = decided("hello", **asked)

    assert decision.tier is tier
    assert (rule in rules(decision)) is (rule is not None)


@pytest.mark.parametrize(
    "chosen_policy",
    [
        pytest.param(policy(), id="weighed"),
        pytest.param(policy(enabled=False), id="disabled"),
        pytest.param(policy(mode="keyword"), id="keyword"),
    ],
)
def test_what_must_stay_local_is_served_locally_in_every_mode(chosen_policy):
    around = {"session": OPUS_SESSION, "allowed_tiers": frozenset({Tier.OPUS})}

    decision = decided(AUDIT, around=around, chosen_policy=chosen_policy, local_only=True)

    assert (decision.provider, decision.model, decision.tier) == ("local", LOCAL.name, Tier.LOCAL)
    assert "local_only" in rules(decision)


ALLOWED = {"allowed_tiers": frozenset({Tier.LOCAL, Tier.OPUS})}
KEYWORD, DISABLED = policy(mode="keyword"), policy(mode="keyword", enabled=False)


@pytest.mark.parametrize(
    ("chosen_policy", "around", "asked", "phase", "tier"),
    [
        pytest.param(
            DISABLED, ALLOWED, {"local_only": True, "requested_model": "local"}, Phase.EXPLICIT, Tier.LOCAL, id="local"
        ),
        pytest.param(DISABLED, {}, {"requested_model": "opus"}, Phase.EXPLICIT, Tier.OPUS, id="explicit"),
        pytest.param(KEYWORD, {}, {"requested_tier": "local"}, Phase.EXPLICIT, Tier.LOCAL, id="explicit over keyword"),
        pytest.param(
            policy(), {"session": OPUS_SESSION}, {"requested_model": "local"}, Phase.EXPLICIT, Tier.LOCAL, id="session"
        ),
        pytest.param(DISABLED, {}, {}, Phase.DISABLED, Tier.SONNET, id="disabled over keyword"),
        pytest.param(DISABLED, ALLOWED, {}, Phase.DISABLED, Tier.LOCAL, id="the key's limits over disabled"),
        pytest.param(KEYWORD, {"session": SONNET_SESSION}, {}, Phase.KEYWORD, Tier.OPUS, id="keyword over local_first"),
        pytest.param(policy(), {}, {}, Phase.HEURISTIC, Tier.OPUS, id="local_first last"),
    ],
)
def test_what_goes_before_what(chosen_policy, around, asked, phase, tier):
    decision = decided(AUDIT, around=around, chosen_policy=chosen_policy, **asked)

    assert (decision.phase, decision.tier) == (phase, tier)


@pytest.mark.parametrize(
    ("asked", "around", "refusal"),
    [
        pytest.param({"requested_model": "opus", "local_only": True}, {}, LocalOnlyError, id="local only"),
        pytest.param(
            {"requested_model": "sonnet", "local_only": True}, ALLOWED, LocalOnlyError, id="local only over the key"
        ),
        pytest.param({"requested_model": "sonnet"}, ALLOWED, TierNotAllowedError, id="the key over the choice"),
    ],
)
@pytest.mark.parametrize("chosen_policy", [policy(), KEYWORD, DISABLED], ids=["weighed", "keyword", "disabled"])
def test_no_switch_or_mode_lets_a_choice_pass_what_goes_before_it(chosen_policy, asked, around, refusal):
    with pytest.raises(refusal):
        decided("hello", around=around, chosen_policy=chosen_policy, **asked)


def test_a_least_tier_above_local_is_refused_where_all_stays_local():
    with pytest.raises(LocalOnlyError, match="sonnet"):
        decided("hello", local_only=True, min_tier=Tier.SONNET)


@pytest.mark.parametrize(
    ("text", "allowed", "tier"),
    [
        pytest.param(AUDIT, {Tier.LOCAL, Tier.SONNET}, Tier.SONNET, id="the next below"),
        pytest.param(AUDIT, {Tier.LOCAL}, Tier.LOCAL, id="far below"),
        pytest.param("hello", {Tier.SONNET, Tier.OPUS}, Tier.SONNET, id="above where there is nothing below"),
        pytest.param("hello", {Tier.OPUS}, Tier.OPUS, id="the only one"),
    ],
)
def test_a_key_gets_the_nearest_tier_that_it_may_use(text, allowed, tier):
    decision = decided(text, around={"allowed_tiers": frozenset(allowed)})

    assert decision.tier is tier
    assert "allowed_tiers" in rules(decision)


def test_a_key_without_the_least_tier_is_refused():
    with pytest.raises(TierNotAllowedError, match="opus"):
        decided("hello", around={"allowed_tiers": frozenset({Tier.SONNET})}, min_tier=Tier.OPUS)


@pytest.mark.parametrize("local", [LOCAL, DEMO])
def test_where_only_local_is_configured_the_tier_stays_the_one_that_was_chosen(local):
    decision = decided(AUDIT, around={"local": local, "configured": frozenset({Tier.LOCAL})})

    assert (decision.tier, decision.provider) == (Tier.OPUS, "anthropic")


@pytest.mark.parametrize(
    ("around", "asked", "choice"),
    [
        pytest.param({}, {}, True, id="all"),
        pytest.param({"configured": frozenset({Tier.LOCAL})}, {}, False, id="only local is configured"),
        pytest.param({"configured": frozenset({Tier.SONNET, Tier.OPUS})}, {}, True, id="only Claude is configured"),
        pytest.param({"allowed_tiers": frozenset({Tier.SONNET})}, {}, False, id="one is allowed"),
        pytest.param({}, {"local_only": True}, False, id="it must stay local"),
        pytest.param({}, {"min_tier": Tier.OPUS}, False, id="the highest is asked for"),
    ],
)
def test_phase_2_is_asked_only_where_more_than_one_tier_may_serve(around, asked, choice):
    unclear = request("Carry on with the matter at hand.", **asked)

    found = decide(unclear, shipped(), surroundings(classifier_ready=True, **around))

    assert isinstance(found, NeedsVerdict) is choice


@pytest.mark.parametrize(
    ("allowed", "asked", "tier"),
    [
        pytest.param(set(Tier), {}, Tier.SONNET, id="Claude serves"),
        pytest.param({Tier.LOCAL, Tier.OPUS}, {}, Tier.OPUS, id="the tier that the key may use"),
        pytest.param({Tier.LOCAL}, {}, Tier.LOCAL, id="a key without Claude"),
        pytest.param(set(Tier), {"local_only": True}, Tier.LOCAL, id="what must stay local"),
    ],
)
def test_beside_claude_the_demo_model_serves_only_where_nothing_else_may(allowed, asked, tier):
    decision = decided("hello", around={"local": DEMO, "allowed_tiers": frozenset(allowed)}, **asked)

    assert decision.tier is tier
    assert ("demo_model" in rules(decision)) is (tier is not Tier.LOCAL)


def test_a_tier_that_is_not_configured_stays_the_one_that_was_chosen():
    without_local = {"local": None, "configured": frozenset({Tier.SONNET, Tier.OPUS})}

    assert decided("hello", around=without_local).tier is Tier.LOCAL
    assert decided(AUDIT, around={"configured": frozenset({Tier.LOCAL}), "available": frozenset()}).tier is Tier.OPUS
