"""What is measured in a request: plain numbers and the ids of phrases, enough to decide again without its text."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from routing.engine.asks import newest_ask
from routing.engine.counting import Hits, Packed, counted, listed, packed_ids, uncounted
from routing.engine.hits import LISTS, hits_in_system
from routing.engine.reading import Otherwise, otherwise, read
from routing.engine.survey import survey, tool_chars
from routing.engine.types import LADDER, Policy, RoutingRequest, phrase_id

HOUSEKEEPING_SYSTEM_CHARS = 3_000  # longer system prompts are not read for housekeeping
HOUSEKEEPING_ASKS = 2  # with more of them it is a conversation
NO_HITS: Hits = {}


class Features(NamedTuple):
    """Lengths are in characters; `tool_distance` counts messages from the end, 0 for none; `min_tier` is a rung.

    What follows `tier_word` decides nothing. It says what would count if phrases or tags were taken from the policy:
    what made a part of the ask material, the tags that were met, all phrases found in the ask and in the system prompt
    where `hits` do not tell them, and the other readings of the ask, None for what was recorded before these were.
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
    tags: tuple[int, ...] = ()
    in_ask: Packed = ()
    in_system: Packed = ()
    otherwise: tuple[Otherwise, ...] | None = ()
    more_bytes: int = 0  # of all messages in UTF-8, than characters
    names_tier: bool = False  # some ask, the newest or another, begins with a tier's name, or may
    hits: Hits = NO_HITS

    @property
    def has_image(self) -> bool:
        return self.images > 0

    def pack(self) -> tuple[Any, ...]:
        """Plain values: hits, then the other fields in their order."""
        *plain, hits = self
        return (packed_ids(hits), *plain)

    @classmethod
    def unpack(cls, packed: Sequence[Any]) -> "Features":
        """What was packed before a field or a list was added lacks only these."""
        ids, *plain = packed
        is_of_before = len(plain) <= OTHERWISE
        hits = in_order(ids) if is_of_before else listed(ids)
        if is_of_before:  # what stood in the place of the tags says too little
            plain = [*plain[:TAGS], *DEFAULTS[len(plain[:TAGS]) : OTHERWISE], None]
        plain += DEFAULTS[len(plain) :]
        plain[INTRODUCED_BY], plain[TAGS] = tuple(plain[INTRODUCED_BY]), tuple(plain[TAGS])
        plain[IN_ASK], plain[IN_SYSTEM] = tuple(map(tuple, plain[IN_ASK])), tuple(map(tuple, plain[IN_SYSTEM]))
        if plain[OTHERWISE] is not None:
            plain[OTHERWISE] = tuple(map(Otherwise.unpack, plain[OTHERWISE]))
        return cls._make((*plain, hits))


INTRODUCED_BY, TAGS, IN_ASK, IN_SYSTEM, OTHERWISE = map(
    Features._fields.index, ("introduced_by", "tags", "in_ask", "in_system", "otherwise")
)
DEFAULTS = [Features._field_defaults[name] for name in Features._fields[:-1]]


def in_order(ids: Sequence[Sequence[int]]) -> Hits:
    """Hits as they were packed before: ids for every list, in the order of `LISTS`."""
    return {name: tuple(of_list) for name, of_list in zip(LISTS, ids, strict=False) if of_list}


def measure(request: RoutingRequest, policy: Policy) -> Features:
    thresholds, tools = policy.thresholds, len(request.tools)
    seen = survey(request.messages)
    reading = read(newest_ask(request.messages, policy), policy)
    ask, intent = reading.ask, reading.intent
    is_bare = may_be_bare(tools, seen.asks, seen.system_chars)
    in_system = hits_in_system(seen, policy, may_be_bare=is_bare)
    hits, greeting_share, is_housekeeping = counted(reading.found, in_system, ask.chars, policy)
    tool_loop = 0 < seen.tool_distance <= thresholds["tool_loop_window"]
    declared_chars = tool_chars(request.tools)
    return Features(
        ask_chars=ask.chars,
        total_chars=seen.chars,
        tool_chars=declared_chars,
        system_chars=seen.system_chars,
        estimated_tokens=tokens_in(seen.bytes, seen.images, policy),
        tool_tokens=tokens_in(declared_chars, 0, policy),
        turns=seen.turns,
        asks=seen.asks,
        tools_declared=tools,
        tool_distance=seen.tool_distance,
        images=seen.images,
        prose_chars=len(intent.text),
        files=intent.files,
        material_files=intent.material_files,
        code_blocks=intent.code_blocks,
        min_tier=LADDER.index(request.min_tier) if request.min_tier else 0,
        greeting_share=greeting_share,
        tool_loop=tool_loop,
        has_material=intent.has_material,
        has_path=intent.has_path,
        has_trace=intent.has_trace,
        is_human_ask=ask.is_newest and not is_housekeeping,
        is_housekeeping=is_housekeeping,
        is_agentic=tool_loop or "agent_protocol" in hits or "agentic_marker" in hits,
        local_only=request.local_only,
        tier_word=reading.tier_word,
        introduced_by=tuple(map(phrase_id, intent.introduced_by)) if intent.introduced_by else (),
        tags=tuple(sorted(map(phrase_id, ask.tags))) if ask.tags else (),
        in_ask=uncounted(reading.found, hits, policy),
        in_system=uncounted(in_system, hits, policy) if in_system else (),
        otherwise=otherwise(reading, request.messages, policy) if ask.tags or intent.introduced_by else (),
        more_bytes=seen.bytes - seen.chars,
        names_tier=seen.names_tier,
        hits=hits,
    )


def tokens_in(size: int, images: int, policy: Policy) -> int:
    """About so many, of a text of `size` bytes and of images."""
    return round(size / policy.thresholds["chars_per_token"] + images * policy.thresholds["image_tokens"])


def may_be_bare(tools: int, asks: int, system_chars: int) -> bool:
    """Whether a system prompt may be all that says a request is a client's housekeeping."""
    return not tools and asks <= HOUSEKEEPING_ASKS and system_chars <= HOUSEKEEPING_SYSTEM_CHARS
