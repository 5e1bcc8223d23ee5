"""The names that clients send for models and providers, and what they stand for."""

from difflib import get_close_matches
from typing import NamedTuple

from routing.engine.types import (
    PROVIDER_OF,
    Alias,
    Policy,
    RoutingDecision,
    RoutingRefusedError,
    Surroundings,
    Tier,
    UnknownModelError,
)

AUTOMATIC = frozenset({"", "auto", "smart", "claude-auto"})
HAIKU = "haiku"
LOCAL, ANTHROPIC = PROVIDER_OF[Tier.LOCAL], PROVIDER_OF[Tier.SONNET]
PROVIDERS = {"local": LOCAL, "ollama": LOCAL, "anthropic": ANTHROPIC, "claude": ANTHROPIC}
LOCAL_PREFIXES = ("local:", "ollama:")
ANY_OTHER = "*"  # the alias of every name that nothing else knows


class Wish(NamedTuple):
    """`model` is empty when the tier's own is meant, `tier` None outside the ladder or when it is left open."""

    said: str
    provider: str
    tier: Tier | None = None
    model: str = ""


def wish_of_provider(name: str) -> Wish | None:
    if name.lower() in AUTOMATIC:
        return None
    if name.lower() not in PROVIDERS:
        raise RoutingRefusedError(f"There is no provider {name!r}: use 'local' or 'anthropic'")
    provider = PROVIDERS[name.lower()]
    return Wish(name, provider, Tier.LOCAL if provider == LOCAL else None)


def wish_of_model(name: str, provider: str, policy: Policy, surroundings: Surroundings) -> Wish | None:
    """What a name asks for; None for the automatic ones. Exact aliases and local models go before aliases with `*`."""
    name = name.strip()
    lower = name.lower()
    if lower in AUTOMATIC:
        return None
    alias = next((alias for alias in policy.aliases if alias.pattern.lower() == lower), None)
    if alias is None:
        wish = _reserved(name, policy) or _local(name, policy, surroundings)
        if wish is not None:
            return wish
        alias = _longest_match(name, policy.aliases)
    if alias is None:
        wish = _claude(name, policy, surroundings)
        if wish is not None:
            return wish
        alias = next((alias for alias in policy.aliases if alias.pattern == ANY_OTHER), None)
    if alias is None:
        return _unknown(name, provider, policy, surroundings)
    if alias.target.lower() in AUTOMATIC:
        return None
    target = _reserved(alias.target, policy) or _local(alias.target, policy, surroundings)
    target = target or _claude(alias.target, policy, surroundings)
    if target is None:
        raise UnknownModelError(f"The alias {alias.pattern!r} stands for {alias.target!r}, which is not known")
    return Wish(name, target.provider, target.tier, target.model)


def tier_name(decision: RoutingDecision, policy: Policy) -> str:
    """Its tier; `haiku` where the policy's own was asked for, '' for another model outside the ladder."""
    return decision.tier or (HAIKU if decision.model and decision.model == policy.models.get(HAIKU) else "")


def _reserved(name: str, policy: Policy) -> Wish | None:
    lower = name.lower()
    if lower == HAIKU:
        return Wish(name, ANTHROPIC, None, policy.models[HAIKU])
    if lower in tuple(Tier):
        return Wish(name, PROVIDER_OF[Tier(lower)], Tier(lower))
    return None


def _local(name: str, policy: Policy, surroundings: Surroundings) -> Wish | None:
    """A model of the local server, by its name or with a prefix that says so."""
    prefix = next((prefix for prefix in LOCAL_PREFIXES if name.lower().startswith(prefix)), "")
    bare = name[len(prefix) :]
    known = surroundings.local_models | ({surroundings.local.name} if surroundings.local else set())
    for candidate in (bare, f"{bare}:latest", bare.removesuffix(":latest")):
        if candidate in known:
            return Wish(name, LOCAL, Tier.LOCAL, candidate)
    if bare == policy.models["local"] or (prefix and not known):
        return Wish(name, LOCAL, Tier.LOCAL, bare)
    if prefix:
        raise UnknownModelError(f"The local server has no model {bare!r}{_nearest(bare, known)}")
    return None


def _claude(name: str, policy: Policy, surroundings: Surroundings) -> Wish | None:
    for tier in (Tier.SONNET, Tier.OPUS):
        if name == policy.models[tier]:
            return Wish(name, ANTHROPIC, tier, name)
    is_undiscovered = not surroundings.anthropic_models and name.startswith("claude-")
    if name == policy.models[HAIKU] or name in surroundings.anthropic_models or is_undiscovered:
        return Wish(name, ANTHROPIC, None, name)
    return None


def _longest_match(name: str, aliases: tuple[Alias, ...]) -> Alias | None:
    lower = name.lower()
    starred = [alias for alias in aliases if alias.pattern.endswith("*") and alias.pattern != ANY_OTHER]
    fitting = [alias for alias in starred if lower.startswith(alias.pattern[:-1].lower())]
    return max(fitting, key=lambda alias: len(alias.pattern), default=None)


def _unknown(name: str, provider: str, policy: Policy, surroundings: Surroundings) -> Wish:
    known = {*AUTOMATIC, *Tier, HAIKU, *policy.models.values()} - {""}
    known |= surroundings.local_models | surroundings.anthropic_models
    if provider == LOCAL and not surroundings.local_models:
        return Wish(name, LOCAL, Tier.LOCAL, name)
    raise UnknownModelError(
        f"There is no model {name!r}{_nearest(name, known)}. An alias can give this name to a tier, a model or 'auto'"
    )


def _nearest(name: str, known: frozenset[str] | set[str]) -> str:
    nearest = get_close_matches(name, sorted(known), n=3, cutoff=0.4)
    return f": nearest are {', '.join(nearest)}" if nearest else ""
