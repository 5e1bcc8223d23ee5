"""What is measured in a request: plain numbers and the ids of phrases, enough to decide again without its text."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from routing.engine.asks import Ask, newest_ask
from routing.engine.hits import LISTS, hits_in, hits_in_system, ids_of, merged
from routing.engine.material import intent_of
from routing.engine.survey import Survey, survey, tool_chars
from routing.engine.types import LADDER, Policy, RoutingRequest, phrase_id

HOUSEKEEPING_SYSTEM_CHARS = 3_000  # longer system prompts are not read for housekeeping
MOST_INTRODUCTIONS = 8
NO_HITS: Mapping[str, tuple[int, ...]] = {}
TIER_WORDS = {f"@{tier}": str(tier) for tier in LADDER}


class Features(NamedTuple):
    """Lengths are in characters; `tool_distance` counts messages from the end, 0 for none; `min_tier` is a rung.

    `introduced_by` and `aside` decide nothing; they say what would count if phrases were taken from the policy:
    what made a part of the ask material, and what else stands in the ask of a client's housekeeping.
    Packed features are read by the order of the fields: new ones go before `hits`, with a default.
    """

    ask_chars: int = 0
    total_chars: int = 0  # of all messages, declared tools aside
    tool_chars: int = 0
    system_chars: int = 0
    estimated_tokens: int = 0  # of all messages, declared tools aside
    tool_tokens: int = 0
    turns: int = 0
    asks: int = 0
    tools_declared: int = 0
    tool_distance: int = 0
    images: int = 0
    prose_chars: int = 0  # of the ask, without its material
    files: int = 0
    material_files: int = 0
    code_blocks: int = 0
    min_tier: int = 0
    greeting_share: float = 0.0
    tool_loop: bool = False
    has_material: bool = False
    has_path: bool = False
    has_trace: bool = False
    is_human_ask: bool = False
    is_housekeeping: bool = False
    is_agentic: bool = False
    local_only: bool = False
    tier_word: str = ""
    introduced_by: tuple[int, ...] = ()
    aside: tuple[tuple[int, ...], ...] = ()  # in the order of `LISTS`
    hits: Mapping[str, tuple[int, ...]] = NO_HITS

    @property
    def has_image(self) -> bool:
        return self.images > 0

    def pack(self) -> tuple[Any, ...]:
        """Plain values: hits as ids in the order of `LISTS`, then the other fields in theirs."""
        *plain, hits = self
        return (in_order(hits), *plain)

    @classmethod
    def unpack(cls, packed: Sequence[Any]) -> "Features":
        """What was packed before a field or a list was added lacks only these."""
        hits, *plain = packed
        plain += DEFAULTS[len(plain) :]
        plain[INTRODUCED_BY] = tuple(plain[INTRODUCED_BY])
        plain[ASIDE] = tuple(map(tuple, plain[ASIDE]))
        return cls._make((*plain, by_list(hits)))


INTRODUCED_BY, ASIDE = Features._fields.index("introduced_by"), Features._fields.index("aside")
DEFAULTS = [Features._field_defaults[name] for name in Features._fields[:-1]]


def in_order(hits: Mapping[str, tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    return tuple([hits.get(name, ()) for name in LISTS])


def by_list(ids: Sequence[Sequence[int]]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(listed) for name, listed in zip(LISTS, ids, strict=False) if listed}


def measure(request: RoutingRequest, policy: Policy) -> Features:
    thresholds = policy.thresholds
    seen = survey(request.messages)
    tier_word, ask = named_tier(newest_ask(request.messages, policy), policy)
    intent = intent_of(ask, lambda words: policy.match(words).get("simple_task", ()))
    in_ask = hits_in(intent, ask.chars, policy)
    in_system = hits_in_system(seen, policy)
    is_housekeeping = "housekeeping" in in_ask.found or (_may_be_bare(request, seen) and "housekeeping" in in_system)
    found = merged(in_ask.found, in_system, is_housekeeping=is_housekeeping)
    tool_loop = 0 < seen.tool_distance <= thresholds["tool_loop_window"]
    declared_chars = tool_chars(request.tools)
    return Features(
        ask_chars=ask.chars,
        total_chars=seen.chars,
        tool_chars=declared_chars,
        system_chars=seen.system_chars,
        estimated_tokens=round(seen.bytes / thresholds["chars_per_token"] + seen.images * thresholds["image_tokens"]),
        tool_tokens=round(declared_chars / thresholds["chars_per_token"]),
        turns=seen.turns,
        asks=seen.asks,
        tools_declared=len(request.tools),
        tool_distance=seen.tool_distance,
        images=seen.images,
        prose_chars=len(intent.text),
        files=intent.files,
        material_files=intent.material_files,
        code_blocks=intent.code_blocks,
        min_tier=LADDER.index(request.min_tier) if request.min_tier else 0,
        greeting_share=round(in_ask.greeting_share, 3),
        tool_loop=tool_loop,
        has_material=intent.has_material,
        has_path=intent.has_path,
        has_trace=intent.has_trace,
        is_human_ask=ask.is_newest and not is_housekeeping,
        is_housekeeping=is_housekeeping,
        is_agentic=tool_loop or "agent_protocol" in found or "agentic_marker" in found,
        local_only=request.local_only,
        tier_word=tier_word,
        introduced_by=tuple(map(phrase_id, intent.introduced_by[:MOST_INTRODUCTIONS])) if intent.introduced_by else (),
        aside=in_order(ids_of(in_ask.found, policy)) if is_housekeeping else (),
        hits=ids_of(found, policy),
    )


def _may_be_bare(request: RoutingRequest, seen: Survey) -> bool:
    """Whether a system prompt may be all that says a request is a client's housekeeping."""
    return not request.tools and seen.asks <= 2 and seen.system_chars <= HOUSEKEEPING_SYSTEM_CHARS


def named_tier(ask: Ask, policy: Policy) -> tuple[str, Ask]:
    """The tier that an ask names in its first word, and the ask without it."""
    if not (ask.head.startswith("@") and policy.switches["tier_words"]):
        return "", ask
    word, rest = (*ask.head.split(None, 1), "")[:2]
    tier = TIER_WORDS.get(word.rstrip(":,").lower(), "")
    return tier, ask._replace(head=rest.lstrip()) if tier else ask
