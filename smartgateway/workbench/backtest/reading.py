"""A recorded request whose ask is at hand, measured again; its system prompt is not kept, only what was found in it."""

from collections.abc import Mapping

from routing.engine.asks import Ask
from routing.engine.features import MOST_INTRODUCTIONS, Features, by_list, named_tier
from routing.engine.hits import AskHits, hits_in, ids_of
from routing.engine.material import Intent, intent_of
from routing.engine.types import Policy, phrase_id
from smartgateway.workbench.backtest.differences import Difference

OF_HOUSEKEEPING = ("housekeeping", "compaction")  # all that counts of the ask of a client's housekeeping
Hits = Mapping[str, tuple[int, ...]]


def read_again(features: Features, ask: Ask, difference: Difference) -> Features:
    """`features` are without what the new policy has lost."""
    policy = difference.new
    tier_word, ask_itself = named_tier(ask, policy)
    intent, in_ask = _read(ask_itself, policy)
    found, of_system = ids_of(in_ask.found, policy), _of_system(features, ask, difference)
    is_housekeeping = "housekeeping" in found or "housekeeping" in of_system
    counted = {name: found[name] for name in OF_HOUSEKEEPING if name in found} if is_housekeeping else found
    return features._replace(
        prose_chars=len(intent.text),
        files=intent.files,
        material_files=intent.material_files,
        code_blocks=intent.code_blocks,
        greeting_share=round(in_ask.greeting_share, 3),
        has_material=intent.has_material,
        has_path=intent.has_path,
        has_trace=intent.has_trace,
        is_housekeeping=is_housekeeping,
        tier_word=tier_word,
        introduced_by=tuple(map(phrase_id, intent.introduced_by[:MOST_INTRODUCTIONS])),
        hits={**of_system, **counted},
    )


def _read(ask: Ask, policy: Policy) -> tuple[Intent, AskHits]:
    intent = intent_of(ask, lambda words: policy.match(words).get("simple_task", ()))
    return intent, hits_in(intent, ask.chars, policy)


def _of_system(features: Features, ask: Ask, difference: Difference) -> Hits:
    """What is recorded and was not found in the ask."""
    recorded = {name: features.hits[name] for name in ("agentic_marker", "agent_protocol") if name in features.hits}
    if features.is_housekeeping and "housekeeping" in features.hits and "housekeeping" not in by_list(features.aside):
        recorded["housekeeping"] = features.hits["housekeeping"]
    if "agent_protocol" in recorded and not features.is_housekeeping:
        _, in_ask = _read(named_tier(ask, difference.old)[1], difference.old)
        if "agent_protocol" in in_ask.found:
            del recorded["agent_protocol"]
    return recorded
