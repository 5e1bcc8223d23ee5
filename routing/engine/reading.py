"""The newest ask as the rules read it, and as they would without the phrases and tags on which its reading hangs."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from routing.engine.asks import Ask, looked_at, newest_ask
from routing.engine.content import TAG_LISTS
from routing.engine.counting import Packed, packed
from routing.engine.hits import Found, hits_in
from routing.engine.material import Intent, intent_of
from routing.engine.tier_words import TIER_WORDS
from routing.engine.types import Policy, phrase_id

INTRODUCTIONS, HARNESS, ASK_TAGS = 1, 2, 4
"""What a reading may be without: phrases before a colon that make material of what follows it, and tags."""
LIST_OF = dict(zip((HARNESS, ASK_TAGS), TAG_LISTS, strict=True))
MOST_REMEMBERED = 1_024  # asks whose other readings a policy remembers


class Reading(NamedTuple):
    """`found` are all phrases that stand where they count."""

    ask: Ask
    tier_word: str
    intent: Intent
    found: Found


class Otherwise(NamedTuple):
    """A reading for the record, in words of `Features`."""

    without: int
    ask_chars: int
    prose_chars: int
    files: int
    material_files: int
    code_blocks: int
    has_material: bool
    has_path: bool
    has_trace: bool
    tier_word: str
    introduced_by: tuple[int, ...]
    found: Packed

    @classmethod
    def unpack(cls, packed: Sequence[Any]) -> "Otherwise":
        *plain, introduced_by, found = packed
        return cls._make((*plain, tuple(introduced_by), tuple(map(tuple, found))))


def read(ask: Ask, policy: Policy, *, is_introduced: bool = True) -> Reading:
    tier_word, own = named_tier(ask, policy)
    intent = intent_of(own, lambda words: policy.match(words).get("simple_task", ()) if is_introduced else ())
    return Reading(ask, tier_word, intent, hits_in(intent.text, policy))


def named_tier(ask: Ask, policy: Policy) -> tuple[str, Ask]:
    """The tier that an ask names in its first word, and the ask without it."""
    if not (ask.head.startswith("@") and policy.switches["tier_words"]):
        return "", ask
    word, rest = (*ask.head.split(None, 1), "")[:2]
    tier = TIER_WORDS.get(word.rstrip(":,").lower(), "")
    return tier, ask._replace(head=rest.lstrip()) if tier else ask


def otherwise(reading: Reading, messages: Sequence[Mapping[str, Any]], policy: Policy) -> tuple[Otherwise, ...]:
    """Every other reading that a policy with fewer phrases and tags may come to.

    An agent asks again with each result of a tool: what tags change in its ask is remembered by the hash of its text.
    """
    if not reading.ask.tags:
        return tuple(_others(reading, messages, policy))
    key = hash(tuple(tuple(map(looked_at, texts)) for texts in reading.ask.texts))
    found = policy.known_readings.get(key)
    if found is None:
        found = tuple(_others(reading, messages, policy))
        if len(policy.known_readings) >= MOST_REMEMBERED:
            policy.known_readings.clear()
        policy.known_readings[key] = found
    return found


def _others(reading: Reading, messages: Sequence[Mapping[str, Any]], policy: Policy) -> Iterator[Otherwise]:
    for without in _cuts(reading.ask.tags, policy):
        if without:
            lists = [name for bit, name in LIST_OF.items() if without & bit]
            reading = read(newest_ask(messages, policy, without=lists), policy)
            yield recorded(reading, policy, without)
        if reading.intent.introduced_by:
            yield recorded(read(reading.ask, policy, is_introduced=False), policy, without | INTRODUCTIONS)


def _cuts(tags: Collection[str], policy: Policy) -> list[int]:
    cuts = [0]
    for bit, name in LIST_OF.items() if tags else ():
        if not policy.phrases.get(name, {}).keys().isdisjoint(tags):
            cuts += [cut | bit for cut in cuts]
    return cuts


def recorded(reading: Reading, policy: Policy, without: int = 0) -> Otherwise:
    intent = reading.intent
    return Otherwise(
        without,
        reading.ask.chars,
        len(intent.text),
        intent.files,
        intent.material_files,
        intent.code_blocks,
        intent.has_material,
        intent.has_path,
        intent.has_trace,
        reading.tier_word,
        tuple(map(phrase_id, intent.introduced_by)),
        packed(reading.found, policy),
    )
