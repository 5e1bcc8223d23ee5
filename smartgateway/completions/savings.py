"""What an answer cost, and what it would have cost elsewhere. All money is `Decimal` in USD, None when unknown.

docs/savings.md says the same in words. For an answer that was served locally, Claude's tokens are estimated, and each
baseline is the low end of its interval: what earlier turns hold is counted as cache reads, because Claude would have
had them in its prompt cache. At the high end all of it is fresh.
"""

from decimal import Decimal
from typing import NamedTuple

from routing import prices
from routing.engine.decide import should_use_opus
from routing.engine.features import Features
from routing.engine.names import AUTOMATIC, HAIKU
from routing.engine.pricing import cost_of
from routing.engine.types import Phase, Policy, Tier, Usage
from routing.route import Routed
from smartgateway.completions.fallback import Candidate


class Served(NamedTuple):
    """An answer: who gave it, what was counted, how long it took, and what it cost."""

    by: Candidate
    usage: Usage
    seconds: float
    cost: Decimal | None


class Baselines(NamedTuple):
    requested: Decimal | None = None
    sonnet: Decimal | None = None
    opus: Decimal | None = None
    keyword: Decimal | None = None
    requested_high: Decimal | None = None  # None where it is what `requested` is
    is_estimated: bool = False


def cost(provider_name: str, model: str, usage: Usage, seconds: float = 0.0) -> tuple[Decimal | None, int | None]:
    """The cost and the id of the price row that it was computed from."""
    found = prices.current().find(provider_name, model)
    if found is None:
        return None, None
    price, price_id = found
    return cost_of(usage, price, seconds), price_id


def baselines(routed: Routed, served: Served) -> Baselines:
    if served.by.provider_name != "local":
        return baselines_of(routed, served, served.usage)
    usage = as_claude_usage(routed, served.usage)
    low = baselines_of(routed, served, usage)
    if not usage.cache_read_input_tokens or low.requested is None:
        return low._replace(is_estimated=True)
    high = baselines_of(routed, served, as_fresh(usage)).requested
    return low._replace(is_estimated=True, requested_high=high)


def baselines_of(routed: Routed, served: Served, claude_usage: Usage) -> Baselines:
    models = routed.policy.models
    sonnet = cost("anthropic", models[Tier.SONNET], claude_usage)[0]
    opus = cost("anthropic", models[Tier.OPUS], claude_usage)[0]
    keyword = opus if should_use_opus(routed.features, routed.policy) else sonnet
    requested = requested_of(routed, served, claude_usage, sonnet)
    found = Baselines(requested, sonnet, opus, keyword)
    if not routed.features.is_housekeeping:
        return found
    return capped(found, cost("anthropic", models[HAIKU], claude_usage)[0], served.cost)


def requested_of(routed: Routed, served: Served, claude_usage: Usage, sonnet: Decimal | None) -> Decimal | None:
    """`auto` counts as DEFAULT_MODEL; a Claude model whose name an alias gave to `auto`, as what was asked for."""
    chosen, asked = routed.decision, routed.request.requested_model
    if chosen.phase is Phase.EXPLICIT:
        usage = served.usage if chosen.provider == served.by.provider_name else claude_usage
        return cost(chosen.provider, chosen.model, usage, served.seconds)[0]
    if asked in AUTOMATIC:
        return sonnet
    named = cost("anthropic", asked.strip(), claude_usage)[0]
    return sonnet if named is None else named


def capped(found: Baselines, haiku: Decimal | None, spent: Decimal | None) -> Baselines:
    """Housekeeping (autocomplete and embeddings too) saves at most haiku's price; where it cost more, nothing."""
    if haiku is None:
        return Baselines()
    most = haiku if spent is None else max(haiku, spent)

    def at_most(amount: Decimal | None) -> Decimal | None:
        return amount if amount is None else min(amount, most)

    return Baselines(at_most(found.requested), at_most(found.sonnet), at_most(found.opus), at_most(found.keyword))


def as_claude_usage(routed: Routed, usage: Usage) -> Usage:
    return claude_usage(routed.features, routed.policy, usage)


def claude_usage(features: Features, policy: Policy, usage: Usage) -> Usage:
    """A local model's token counts as Claude's tokenizer would have them, earlier turns as cache reads."""
    ratio = policy.thresholds["claude_tokens_per_local_token"]
    tokens = round(usage.input_tokens * ratio)
    earlier = max(0, features.total_chars - features.ask_chars) if features.turns > 1 else 0
    cached = round(tokens * earlier / features.total_chars) if features.total_chars else 0
    return Usage(tokens - cached, cached, output_tokens=round(usage.output_tokens * ratio), is_estimated=True)


def as_fresh(usage: Usage) -> Usage:
    """The same without any prompt cache."""
    return Usage(usage.input_tokens, output_tokens=usage.output_tokens, is_estimated=usage.is_estimated)


def cache_saved(provider_name: str, model: str, usage: Usage) -> Decimal | None:
    """What the prompt cache took off one answer's cost. Negative where more was written than read."""
    without, with_cache = cost(provider_name, model, as_fresh(usage))[0], cost(provider_name, model, usage)[0]
    return None if without is None or with_cache is None else without - with_cache
