"""What an answer cost, and what it would have cost elsewhere. All money is `Decimal` in USD, None when unknown.

Every baseline is the low end of its interval: for an answer that was served locally, what earlier turns hold is
counted as cache reads, because Claude would have had them in its prompt cache.
"""

from dataclasses import dataclass
from decimal import Decimal

from routing import prices
from routing.engine.decide import should_use_opus
from routing.engine.pricing import cost_of
from routing.engine.types import Tier, Usage
from routing.route import Routed
from smartgateway.completions.fallback import HAIKU, Candidate


@dataclass(frozen=True, slots=True)
class Baselines:
    requested: Decimal | None
    sonnet: Decimal | None
    opus: Decimal | None
    keyword: Decimal | None
    is_estimated: bool


def cost(provider_name: str, model: str, usage: Usage) -> tuple[Decimal | None, int | None]:
    """The cost and the id of the price row that it was computed from."""
    found = prices.current().find(provider_name, model)
    if found is None:
        return None, None
    price, price_id = found
    return cost_of(usage, price), price_id


def baselines(routed: Routed, served: Candidate, usage: Usage) -> Baselines:
    models = routed.policy.models
    is_estimated = served.provider_name == "local"
    claude_usage = as_claude_usage(routed, usage) if is_estimated else usage
    sonnet = cost("anthropic", models[Tier.SONNET], claude_usage)[0]
    opus = cost("anthropic", models[Tier.OPUS], claude_usage)[0]
    keyword = opus if should_use_opus(routed.features, routed.policy) else sonnet
    if routed.features.is_housekeeping:
        requested = cost("anthropic", models[HAIKU], claude_usage)[0]
    elif routed.auto is None:  # routed: `auto` counts as DEFAULT_MODEL
        requested = sonnet
    else:
        requested = cost(routed.decision.provider, routed.decision.model, usage)[0]
    return Baselines(requested, sonnet, opus, keyword, is_estimated)


def as_claude_usage(routed: Routed, usage: Usage) -> Usage:
    """A local model's token counts as Claude's tokenizer would have them, earlier turns as cache reads."""
    ratio = routed.policy.thresholds["claude_tokens_per_local_token"]
    features = routed.features
    tokens = round(usage.input_tokens * ratio)
    earlier = max(0, features.total_chars - features.ask_chars) if features.turns > 1 else 0
    cached = round(tokens * earlier / features.total_chars) if features.total_chars else 0
    return Usage(
        fresh_input_tokens=tokens - cached,
        cache_read_input_tokens=cached,
        output_tokens=round(usage.output_tokens * ratio),
        is_estimated=True,
    )
