"""What a request asks for by name: honoured or refused with the reason, never replaced."""

from itertools import combinations
from typing import NamedTuple

from routing.engine.features import Features
from routing.engine.names import AUTOMATIC, Wish, wish_of_model, wish_of_provider
from routing.engine.types import (
    LADDER,
    PROVIDER_OF,
    ContradictionError,
    LocalOnlyError,
    Policy,
    RoutingRequest,
    Surroundings,
    Tier,
    TierNotAllowedError,
    TierNotConfiguredError,
)

HEADER, MODEL, PROVIDER, WORD = "x-smartgateway-tier", "model", "provider", "first word"
RULES = {HEADER: "explicit_header", MODEL: "explicit_model", PROVIDER: "explicit_provider", WORD: "explicit_word"}


class Choice(NamedTuple):
    """`tier` is None outside the ladder, and for Claude without a tier, which `is_open` to sonnet or opus."""

    source: str
    said: str
    provider: str
    model: str
    tier: Tier | None
    is_open: bool = False


def choose(request: RoutingRequest, features: Features, policy: Policy, surroundings: Surroundings) -> Choice | None:
    """The explicit choice, or None when the request leaves it to the policy."""
    choice = asked_for(request, features, policy, surroundings)
    if choice is not None:
        _refuse_what_may_not_be(choice, features, surroundings)
    return choice


def asked_for(request: RoutingRequest, features: Features, policy: Policy, surroundings: Surroundings) -> Choice | None:
    """The explicit choice, whether or not it may be had."""
    if request.requested_model in AUTOMATIC and not (
        features.tier_word or request.requested_tier or request.requested_provider
    ):
        return None
    wishes = _wishes(request, features, policy, surroundings)
    if not wishes:
        return None
    for one, other in combinations(wishes, 2):
        _refuse_contradiction(one, other)
    source, wish = max(wishes, key=lambda pair: (bool(pair[1].model), pair[1].tier is not None))
    return _choice(source, wish, policy, surroundings)


def _wishes(
    request: RoutingRequest, features: Features, policy: Policy, surroundings: Surroundings
) -> list[tuple[str, Wish]]:
    """A word in the ask is the newest wish, so it overrules the model's name, which editors fill in themselves."""
    provider = wish_of_provider(request.requested_provider)
    said: list[tuple[str, Wish | None]] = [
        (HEADER, wish_of_model(request.requested_tier, "", policy, surroundings)),
        (PROVIDER, provider),
    ]
    if features.tier_word:
        said.append((WORD, wish_of_model(features.tier_word, "", policy, surroundings)))
    else:
        name = provider.provider if provider else ""
        said.append((MODEL, wish_of_model(request.requested_model, name, policy, surroundings)))
    return [(source, wish) for source, wish in said if wish is not None]


def _refuse_contradiction(one: tuple[str, Wish], other: tuple[str, Wish]) -> None:
    (one_source, one_wish), (other_source, other_wish) = one, other
    is_same_tier = PROVIDER in (one_source, other_source) or one_wish.tier is other_wish.tier
    is_same_model = one_wish.model == other_wish.model or not (one_wish.model and other_wish.model)
    if not (one_wish.provider == other_wish.provider and is_same_tier and is_same_model):
        said = f"{one_source} {one_wish.said!r} and {other_source} {other_wish.said!r}"
        raise ContradictionError(f"{said} exclude each other: send one of them")


def _choice(source: str, wish: Wish, policy: Policy, surroundings: Surroundings) -> Choice:
    if wish.model:
        return Choice(source, wish.said, wish.provider, wish.model, wish.tier)
    if wish.tier is None:
        return Choice(source, wish.said, wish.provider, policy.models["sonnet"], Tier.SONNET, is_open=True)
    return Choice(source, wish.said, wish.provider, model_of(wish.tier, policy, surroundings), wish.tier)


def model_of(tier: Tier, policy: Policy, surroundings: Surroundings) -> str:
    """The model that serves a tier; on the local server it is the one that is really there."""
    if tier is Tier.LOCAL and surroundings.local is not None:
        return surroundings.local.name
    return policy.models[tier]


def _refuse_what_may_not_be(choice: Choice, features: Features, surroundings: Surroundings) -> None:
    least = LADDER[features.min_tier]
    if choice.provider == PROVIDER_OF[Tier.SONNET] and features.local_only:
        raise LocalOnlyError(f"{choice.source} {choice.said!r} asks for Claude, but this request must stay local")
    serving = _tiers_like(choice)
    if all(LADDER.index(tier) < features.min_tier for tier in serving):
        raise ContradictionError(f"{choice.source} {choice.said!r} is below the least tier asked for, {least}")
    if not serving & surroundings.allowed_tiers:
        raise TierNotAllowedError(f"This key may not use {choice.said!r}: {_listed(surroundings.allowed_tiers)} only")
    refuse_unconfigured(choice.provider, surroundings)


def _tiers_like(choice: Choice) -> frozenset[Tier]:
    """The tiers of which a key must be allowed one; models outside the ladder are weighed by their name."""
    if choice.tier is not None and not choice.is_open:
        return frozenset({choice.tier})
    if any(name in choice.model for name in ("opus", "fable", "mythos")):
        return frozenset({Tier.OPUS})
    return frozenset({Tier.SONNET}) if "haiku" in choice.model else frozenset({Tier.SONNET, Tier.OPUS})


def _listed(tiers: frozenset[Tier]) -> str:
    return ", ".join(tier for tier in LADDER if tier in tiers) or "no tier"


def refuse_unconfigured(provider: str, surroundings: Surroundings) -> None:
    if any(PROVIDER_OF[tier] == provider for tier in surroundings.configured):
        return
    if provider == PROVIDER_OF[Tier.LOCAL]:
        raise TierNotConfiguredError("No local model is configured: set LOCAL_LLM_BASE_URL")
    raise TierNotConfiguredError("The Claude tiers are off: set ANTHROPIC_API_KEY")
