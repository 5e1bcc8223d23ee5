import pytest

from routing import classifier, connections
from routing.engine.content import content_of, matched_phrases, policy_from
from routing.engine.types import (
    Band,
    LocalModel,
    Phase,
    RoutingRequest,
    Surroundings,
    Tier,
    UnknownModelError,
    Verdict,
)
from routing.phrases import compile_matcher
from routing.policies.shipped import shipped_policy
from routing.route import route_model, route_request

MODELS = {
    "local": "qwen",
    "haiku": "claude-haiku",
    "sonnet": "claude-sonnet",
    "opus": "claude-opus",
    "classifier": "small",
}
AMBIGUOUS = "our importer is slow, have a look"
SIMPLE = "Explain what a Python list comprehension does"
HARD = "Do an architecture and security audit of this service: threat model, race conditions, migration plan"


def made_policy(**changes):
    content = content_of(shipped_policy()) | {"models": MODELS, "enabled": True} | changes
    return policy_from(content, version=1, match=compile_matcher(matched_phrases(content)))


POLICY = made_policy()


def ask(text, **options):
    return RoutingRequest(messages=[{"role": "user", "content": text}], **options)


def world(**changes):
    local = LocalModel("qwen", loaded=True, context_tokens=16_384, tools=True)
    return Surroundings(**{"local": local, "local_models": frozenset({"qwen"}), "classifier_ready": True, **changes})


class FakeClassifier:
    def __init__(self):
        self.verdict = Verdict(Tier.OPUS, "hard", model="small")
        self.asked = []

    async def classify(self, request, policy, judge, *, is_ready):
        self.asked.append(judge)
        return self.verdict


@pytest.fixture
def judge(monkeypatch):
    fake = FakeClassifier()
    monkeypatch.setattr(classifier, "classify", fake.classify)
    monkeypatch.setattr(connections, "provider", {"local": "the local provider"}.get)
    return fake


async def test_what_the_rules_can_tell_needs_no_classifier(judge):
    routed = await route_request(ask(SIMPLE), policy=POLICY, surroundings=world())

    assert (routed.decision.tier, routed.decision.model, routed.decision.phase) == (Tier.LOCAL, "qwen", Phase.HEURISTIC)
    assert (routed.signals.band, routed.verdict, routed.auto) == (Band.LOCAL, None, None)
    assert judge.asked == []


async def test_what_they_cannot_tell_is_asked_and_decided_by_the_verdict(judge):
    routed = await route_request(ask(AMBIGUOUS), policy=POLICY, surroundings=world())

    assert routed.signals.band is Band.AMBIGUOUS
    assert (routed.decision.tier, routed.decision.phase) == (Tier.OPUS, Phase.LLM_CLASSIFIER)
    assert routed.verdict is judge.verdict


async def test_the_local_model_judges_where_the_policys_classifier_is_not_installed(judge):
    await route_request(ask(AMBIGUOUS), policy=POLICY, surroundings=world())

    [asked] = judge.asked
    assert (asked.provider, asked.model, asked.slots) == ("the local provider", "qwen", connections.local_slots)


@pytest.mark.parametrize(
    ("request_", "around", "is_missed"),
    [
        pytest.param(ask(AMBIGUOUS), {"classifier_ready": False}, True, id="ambiguous"),
        pytest.param(ask(AMBIGUOUS), {}, False, id="ready"),
        pytest.param(ask(SIMPLE), {"classifier_ready": False}, False, id="sure"),
        pytest.param(ask(AMBIGUOUS, requested_model="opus"), {"classifier_ready": False}, False, id="explicit"),
        pytest.param(
            ask(AMBIGUOUS), {"classifier_ready": False, "configured": frozenset({Tier.LOCAL})}, False, id="no choice"
        ),
        pytest.param(ask(AMBIGUOUS), {"classifier_ready": False, "local": None}, False, id="no local model"),
    ],
)
async def test_a_classifier_that_would_have_been_asked_is_missed(judge, monkeypatch, request_, around, is_missed):
    missed = []
    monkeypatch.setattr(connections, "miss_classifier", lambda: missed.append(True))

    await route_request(request_, policy=POLICY, surroundings=world(**around))
    await route_request(request_, policy=POLICY, surroundings=world(**around), ask_classifier=False)

    assert missed == [True] * is_missed


async def test_without_an_answer_the_best_guess_serves_and_says_why(judge):
    judge.verdict = Verdict(None, error="timeout")

    routed = await route_request(ask(AMBIGUOUS), policy=POLICY, surroundings=world())

    assert (routed.decision.tier, routed.decision.phase) == (Tier.SONNET, Phase.HEURISTIC)
    assert ("classifier_unavailable", "timeout") in [(reason.rule, reason.value) for reason in routed.decision.reasons]


async def test_the_classifier_is_not_asked_when_it_is_not_wanted(judge):
    routed = await route_request(ask(AMBIGUOUS), policy=POLICY, surroundings=world(), ask_classifier=False)

    assert judge.asked == []
    assert (routed.decision.tier, routed.verdict.error) == (Tier.SONNET, "skipped:not_asked")


@pytest.mark.parametrize(
    ("request_", "policy", "phase"),
    [
        pytest.param(ask(SIMPLE, requested_model="opus"), POLICY, Phase.EXPLICIT, id="explicit"),
        pytest.param(ask(SIMPLE), made_policy(enabled=False), Phase.DISABLED, id="disabled"),
        pytest.param(ask(SIMPLE), made_policy(mode="keyword"), Phase.KEYWORD, id="keyword mode"),
        pytest.param(ask(SIMPLE), made_policy(mode="observe"), Phase.DISABLED, id="observing"),
    ],
)
async def test_what_auto_would_have_done_is_noted_beside_a_choice_that_overruled_it(judge, request_, policy, phase):
    routed = await route_request(request_, policy=policy, surroundings=world())

    assert (routed.decision.phase, routed.auto.tier, routed.signals.band) == (phase, Tier.LOCAL, Band.LOCAL)
    assert judge.asked == []


async def test_for_an_ambiguous_explicit_ask_auto_is_the_rules_best_guess(judge):
    routed = await route_request(ask(AMBIGUOUS, requested_model="local"), policy=POLICY, surroundings=world())

    assert (routed.decision.tier, routed.auto.tier) == (Tier.LOCAL, Tier.SONNET)
    assert judge.asked == []


async def test_where_auto_would_have_been_refused_there_is_nothing_to_note(judge):
    request = ask(SIMPLE, requested_provider="anthropic", min_tier=Tier.OPUS)

    routed = await route_request(request, policy=POLICY, surroundings=world(allowed_tiers=frozenset({Tier.SONNET})))

    assert (routed.decision.phase, routed.auto) == (Phase.EXPLICIT, None)


async def test_an_explicit_choice_within_narrow_limits_is_noted_with_what_they_leave(judge):
    request = ask(SIMPLE, requested_model="claude-opus")

    routed = await route_request(request, policy=POLICY, surroundings=world(allowed_tiers=frozenset({Tier.OPUS})))

    assert (routed.decision.tier, routed.auto.tier) == (Tier.OPUS, Tier.OPUS)


async def test_a_name_that_nothing_has_is_refused(judge):
    with pytest.raises(UnknownModelError):
        await route_request(ask(SIMPLE, requested_model="no-such"), policy=POLICY, surroundings=world())


async def test_the_tiers_word_is_obeyed_and_not_sent_on(judge):
    routed = await route_request(ask("@opus rename this variable"), policy=POLICY, surroundings=world())

    assert routed.decision.tier is Tier.OPUS
    assert routed.request.messages == [{"role": "user", "content": "rename this variable"}]


async def test_tools_that_a_local_answer_does_not_need_are_to_be_removed(judge):
    tools = ({"type": "function", "function": {"name": "read"}},)

    routed = await route_request(ask("What is a monad?", tools=tools), policy=POLICY, surroundings=world())

    assert (routed.decision.tier, routed.remove_tools) == (Tier.LOCAL, True)


async def test_an_audit_goes_to_opus(judge):
    routed = await route_request(ask(HARD), policy=POLICY, surroundings=world())

    assert (routed.decision.tier, routed.decision.phase) == (Tier.OPUS, Phase.HEURISTIC)


async def test_the_small_wrapper_returns_only_the_models_name(judge):
    assert await route_model(ask(HARD), policy=POLICY, surroundings=world()) == "claude-opus"
    assert await route_model(ask(SIMPLE), policy=POLICY, surroundings=world()) == "qwen"
