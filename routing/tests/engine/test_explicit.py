import pytest

from routing.engine.decide import decide
from routing.engine.types import (
    Alias,
    ContradictionError,
    LocalOnlyError,
    Phase,
    RoutingRefusedError,
    Tier,
    TierNotAllowedError,
    TierNotConfiguredError,
    UnknownModelError,
)
from routing.tests.engine.given import DEMO, MODELS, policy, request, shipped, surroundings

LOCAL_NAME = MODELS["local"]
AROUND = {
    "local_models": frozenset({LOCAL_NAME, "gpt-oss:20b", "llama3:latest"}),
    "anthropic_models": frozenset({"claude-opus-4-8", "claude-fable-5-2", "claude-haiku-4-5", *MODELS.values()}),
}
AUDIT = "Do a security audit of the architecture and rank every mitigation."
AN_ALIAS = [
    {"pattern": "gpt-*", "target": "auto"},
    {"pattern": "gpt-5-*", "target": "opus"},
    {"pattern": "Fast", "target": "haiku"},
    {"pattern": "claude-*", "target": "auto"},
    {"pattern": "mine*", "target": "claude-opus-4-8"},
    {"pattern": "ours", "target": "local:llama3"},
    {"pattern": "lost", "target": "nowhere"},
]


def decided(text="hello", chosen_policy=None, around=None, **asked):
    return decide(request(text, **asked), chosen_policy or shipped(), surroundings(**{**AROUND, **(around or {})}))


@pytest.mark.parametrize(
    ("name", "tier", "model"),
    [
        pytest.param("local", Tier.LOCAL, LOCAL_NAME, id="local"),
        pytest.param("Sonnet", Tier.SONNET, MODELS["sonnet"], id="any case"),
        pytest.param("opus", Tier.OPUS, MODELS["opus"], id="opus"),
        pytest.param("haiku", None, MODELS["haiku"], id="haiku stands outside the ladder"),
        pytest.param(MODELS["opus"], Tier.OPUS, MODELS["opus"], id="a tier's model id"),
        pytest.param(MODELS["haiku"], None, MODELS["haiku"], id="haiku's model id"),
        pytest.param("claude-opus-4-8", None, "claude-opus-4-8", id="another Claude"),
        pytest.param(LOCAL_NAME, Tier.LOCAL, LOCAL_NAME, id="the local model's name"),
        pytest.param("gpt-oss:20b", Tier.LOCAL, "gpt-oss:20b", id="a local model before an alias with a star"),
        pytest.param("llama3", Tier.LOCAL, "llama3:latest", id="without latest"),
        pytest.param("local:llama3:latest", Tier.LOCAL, "llama3:latest", id="with a prefix"),
        pytest.param("ollama:gpt-oss:20b", Tier.LOCAL, "gpt-oss:20b", id="with the other prefix"),
    ],
)
def test_a_name_is_honoured(name, tier, model):
    decision = decided(AUDIT, requested_model=name)

    assert (decision.tier, decision.model, decision.phase) == (tier, model, Phase.EXPLICIT)
    assert [(reason.rule, reason.value) for reason in decision.reasons] == [("explicit_model", name)]
    assert decision.score > 0.5


@pytest.mark.parametrize("name", ["", "auto", "smart", "claude-auto", "AUTO", "gpt-5", "o3-mini", "gemini-3-pro"])
def test_automatic_names_and_shipped_aliases_route(name):
    assert decided(requested_model=name).phase is Phase.HEURISTIC


@pytest.mark.parametrize(
    ("name", "model"),
    [
        pytest.param("gpt-5-turbo", MODELS["opus"], id="the longest pattern"),
        pytest.param("fast", MODELS["haiku"], id="an exact one in any case"),
        pytest.param("mine-2", "claude-opus-4-8", id="a concrete model"),
        pytest.param("ours", "llama3:latest", id="a local model"),
        pytest.param("claude-opus-4-8", LOCAL_NAME, id="a star over Claude's names"),
        pytest.param("sonnet", MODELS["sonnet"], id="no alias for it"),
    ],
)
def test_an_alias_stands_for_its_target(name, model):
    decision = decided(chosen_policy=policy(aliases=AN_ALIAS), requested_model=name)

    assert decision.model == model


@pytest.mark.parametrize(
    ("name", "phase"),
    [
        pytest.param("claude-opus-4-8", Phase.EXPLICIT, id="a known Claude"),
        pytest.param(MODELS["opus"], Phase.EXPLICIT, id="a tier's model"),
        pytest.param("opus", Phase.EXPLICIT, id="a tier"),
        pytest.param("llama3", Phase.EXPLICIT, id="a local model"),
        pytest.param("somebodys-model", Phase.HEURISTIC, id="what nothing knows"),
        pytest.param("gpt-5", Phase.EXPLICIT, id="what a longer alias names"),
    ],
)
def test_an_alias_of_everything_takes_only_names_that_nothing_else_knows(name, phase):
    aliases = [{"pattern": "*", "target": "auto"}, {"pattern": "gpt-*", "target": "sonnet"}]

    assert decided(chosen_policy=policy(aliases=aliases), requested_model=name).phase is phase


def test_the_patterns_of_aliases_are_kept_as_values():
    assert policy(aliases=AN_ALIAS).aliases[0] == Alias("gpt-*", "auto")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        pytest.param("claude-opsu-5-5", "nearest are claude-opus-5-5", id="a slip"),
        pytest.param("zzz", "no model 'zzz'. An alias", id="nothing near"),
        pytest.param("local:lama3", "local server has no model 'lama3'.*llama3", id="not installed"),
        pytest.param("lost", "alias 'lost' stands for 'nowhere'", id="an alias that leads nowhere"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(name, message):
    with pytest.raises(UnknownModelError, match=message):
        decided(chosen_policy=policy(aliases=AN_ALIAS[-1:]), requested_model=name)


@pytest.mark.parametrize(
    ("name", "provider", "model"),
    [
        pytest.param("claude-next-1", "", "claude-next-1", id="a Claude"),
        pytest.param("local:phi4", "", "phi4", id="a prefixed local name"),
        pytest.param("phi4", "local", "phi4", id="a name with its provider"),
    ],
)
def test_before_anything_was_discovered_names_are_believed(name, provider, model):
    nothing = {"local": None, "local_models": frozenset(), "anthropic_models": frozenset()}

    assert decided(around=nothing, requested_model=name, requested_provider=provider).model == model


@pytest.mark.parametrize(
    ("asked", "tier", "rule"),
    [
        pytest.param({"requested_provider": "local"}, Tier.LOCAL, "explicit_provider", id="provider"),
        pytest.param({"requested_provider": "ollama"}, Tier.LOCAL, "explicit_provider", id="provider's other name"),
        pytest.param({"requested_tier": "opus"}, Tier.OPUS, "explicit_header", id="header"),
        pytest.param({"text": "@opus hello"}, Tier.OPUS, "explicit_word", id="first word"),
        pytest.param({"text": "@Local: hello"}, Tier.LOCAL, "explicit_word", id="first word with a colon"),
        pytest.param(
            {"text": "@sonnet\nhello", "requested_model": "opus"}, Tier.SONNET, "explicit_word", id="over model"
        ),
        pytest.param(
            {"requested_tier": "opus", "requested_provider": "anthropic", "requested_model": MODELS["opus"]},
            Tier.OPUS,
            "explicit_model",
            id="all of one mind",
        ),
    ],
)
def test_there_are_several_ways_to_choose(asked, tier, rule):
    decision = decided(**asked)

    assert (decision.tier, decision.phase, decision.reasons[0].rule) == (tier, Phase.EXPLICIT, rule)


@pytest.mark.parametrize("text", ["@nobody hello", "hello @opus", "@", "@opus2 hello"])
def test_other_words_choose_nothing(text):
    assert decided(text).phase is Phase.HEURISTIC


def test_a_tier_word_is_a_word_when_the_switch_is_off():
    assert decided("@opus hello", policy(switches={"tier_words": False})).phase is Phase.HEURISTIC


@pytest.mark.parametrize(
    ("text", "around", "asked", "tier"),
    [
        pytest.param("hello", {}, {}, Tier.SONNET, id="by score"),
        pytest.param(AUDIT, {}, {}, Tier.OPUS, id="by score to opus"),
        pytest.param("hello", {}, {"min_tier": Tier.OPUS}, Tier.OPUS, id="at least opus"),
        pytest.param(AUDIT, {"allowed_tiers": frozenset({Tier.SONNET})}, {}, Tier.SONNET, id="as the key may"),
    ],
)
def test_claude_without_a_tier_is_chosen_by_score(text, around, asked, tier):
    decision = decided(text, around=around, requested_provider="anthropic", **asked)

    assert (decision.tier, decision.model) == (tier, MODELS[tier])
    assert [reason.rule for reason in decision.reasons] == ["explicit_provider", "opus_score"]


@pytest.mark.parametrize(
    ("asked", "both"),
    [
        pytest.param({"requested_provider": "local", "requested_model": "opus"}, "'local'.*'opus'", id="provider"),
        pytest.param(
            {"requested_provider": "anthropic", "requested_model": "llama3"}, "'anthropic'.*'llama3'", id="other"
        ),
        pytest.param({"requested_tier": "sonnet", "requested_model": "opus"}, "'sonnet'.*'opus'", id="header"),
        pytest.param(
            {"requested_tier": "haiku", "requested_model": "claude-opus-4-8"}, "'haiku'.*'claude", id="models"
        ),
        pytest.param({"requested_tier": "sonnet", "text": "@opus hello"}, "'sonnet'.*'opus'", id="first word"),
        pytest.param(
            {"requested_tier": "sonnet", "requested_provider": "anthropic", "requested_model": "opus"},
            "'sonnet'.*'opus'",
            id="three",
        ),
        pytest.param({"requested_model": "local", "min_tier": Tier.SONNET}, "below the least tier", id="least tier"),
        pytest.param({"requested_model": "haiku", "min_tier": Tier.OPUS}, "below the least tier", id="haiku"),
    ],
)
def test_choices_that_exclude_each_other_are_both_named(asked, both):
    with pytest.raises(ContradictionError, match=both):
        decided(**asked)


@pytest.mark.parametrize("asked", [{"requested_model": "opus"}, {"requested_tier": "haiku"}, {"text": "@sonnet hello"}])
def test_claude_by_name_is_refused_where_all_stays_local(asked):
    with pytest.raises(LocalOnlyError):
        decided(local_only=True, **asked)


def test_local_by_name_is_served_where_all_stays_local():
    assert decided(local_only=True, requested_model="local").tier is Tier.LOCAL


@pytest.mark.parametrize(
    ("name", "allowed", "is_allowed"),
    [
        pytest.param("opus", {Tier.LOCAL, Tier.SONNET}, False, id="opus"),
        pytest.param("local", {Tier.SONNET}, False, id="local"),
        pytest.param("local", set(), False, id="nothing"),
        pytest.param("haiku", {Tier.SONNET}, True, id="haiku counts as sonnet"),
        pytest.param("claude-haiku-4-5", {Tier.OPUS}, False, id="an older haiku too"),
        pytest.param("claude-fable-5-2", {Tier.SONNET}, False, id="what is above opus counts as opus"),
        pytest.param("claude-opus-4-8", {Tier.OPUS}, True, id="an older opus too"),
    ],
)
def test_a_key_may_use_only_its_tiers(name, allowed, is_allowed):
    around = {"allowed_tiers": frozenset(allowed)}

    if is_allowed:
        assert decided(around=around, requested_model=name).phase is Phase.EXPLICIT
    else:
        with pytest.raises(TierNotAllowedError):
            decided(around=around, requested_model=name)


@pytest.mark.parametrize(
    ("name", "configured", "variable"),
    [
        pytest.param("opus", {Tier.LOCAL}, "ANTHROPIC_API_KEY", id="Claude"),
        pytest.param("haiku", {Tier.LOCAL}, "ANTHROPIC_API_KEY", id="haiku"),
        pytest.param("local", {Tier.SONNET, Tier.OPUS}, "LOCAL_LLM_BASE_URL", id="local"),
    ],
)
def test_what_is_not_configured_is_refused_with_its_variable(name, configured, variable):
    with pytest.raises(TierNotConfiguredError, match=variable):
        decided(around={"configured": frozenset(configured)}, requested_model=name)


def test_an_unknown_provider_is_refused():
    with pytest.raises(RoutingRefusedError, match="no provider 'azure'"):
        decided(requested_provider="azure")


def test_the_demo_model_serves_who_asks_for_it():
    assert decided(around={"local": DEMO}, requested_model="local").model == DEMO.name
