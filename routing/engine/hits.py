"""Which phrases of the policy's lists stand in the parts of a request where they mean something."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from routing.engine.material import Intent
from routing.engine.survey import Survey
from routing.engine.types import Policy, phrase_id

FORM_OPENING, FORM_CLOSING = 60, 40  # characters of an ask's start and end, where its form shows
LEAD_OPENING, LEAD_CLOSING = 240, 120
SYSTEM_OPENING, SYSTEM_CLOSING = 3_072, 1_024

FORM_LISTS = frozenset({"simple_task", "self_contained", "greeting"})
LEAD_LISTS = frozenset({"single_file_edit", "housekeeping", "compaction"})
INTENT_LISTS = frozenset(
    {
        "deep_reasoning",
        "conflicting_constraints",
        "scope",
        "multi_file",
        "keyword_opus",
        "context_word",
        "investigation",
        "agent_protocol",
    }
)
SYSTEM_LISTS = frozenset({"agentic_marker", "agent_protocol", "housekeeping"})
LISTS = (
    "simple_task",
    "self_contained",
    "greeting",
    "single_file_edit",
    "housekeeping",
    "compaction",
    "deep_reasoning",
    "conflicting_constraints",
    "scope",
    "multi_file",
    "keyword_opus",
    "context_word",
    "agent_protocol",
    "agentic_marker",
    "investigation",
)
"""Stored features name lists by their place here: new ones go to the end."""

KEPT = {"deep_reasoning": 8, "conflicting_constraints": 4, "scope": 4}  # ids kept of one list, the heaviest first
KEPT_OTHERWISE = 3
MOST_KNOWN = 4_096  # combinations of phrases whose ids a policy remembers
MOST_HITS = 32  # of one list that are compared with one another
GAP = " \x00 "  # no phrase reaches over it

Found = Mapping[str, tuple[str, ...]]


class AskHits(NamedTuple):
    found: Found
    greeting_share: float  # how much of the ask its greetings make up


def hits_in(intent: Intent, ask_chars: int, policy: Policy) -> AskHits:
    text = intent.text
    whole = policy.match(text)
    lead = _ends_of(text, LEAD_OPENING, LEAD_CLOSING, whole, policy)
    form = _ends_of(text, FORM_OPENING, FORM_CLOSING, whole, policy)
    found = {**_only(FORM_LISTS, form), **_only(LEAD_LISTS, lead), **_only(INTENT_LISTS, whole)}
    greeted = sum(len(phrase) for phrase in outermost(found.get("greeting", ())))
    return AskHits(found, min(1.0, greeted / max(1, ask_chars)))


def _ends_of(text: str, opening: int, closing: int, whole: Found, policy: Policy) -> Found:
    if len(text) <= opening + closing:
        return whole
    return policy.match(f"{text[:opening]}{GAP}{text[-closing:]}")


def hits_in_system(seen: Survey, policy: Policy) -> Found:
    if not seen.system_texts:
        return {}
    first, last = seen.system_texts[0], seen.system_texts[-1]
    if len(seen.system_texts) == 1 and len(first) <= SYSTEM_OPENING + SYSTEM_CLOSING:
        return _only(SYSTEM_LISTS, policy.match_again(first))
    return _only(SYSTEM_LISTS, policy.match_again(f"{first[:SYSTEM_OPENING]}{GAP}{last[-SYSTEM_CLOSING:]}"))


def merged(in_ask: Found, in_system: Found, *, is_housekeeping: bool) -> Found:
    """A client's housekeeping carries the conversation as material: what stands in that counts for nothing."""
    if is_housekeeping:
        kept = ("housekeeping", "compaction")
        return {**in_system, **_only(kept, in_ask)}
    in_system = {name: listed for name, listed in in_system.items() if name != "housekeeping"}
    return {**in_system, **in_ask}


def _only(names: Collection[str], found: Found) -> dict[str, tuple[str, ...]]:
    return {name: listed for name, listed in found.items() if name in names}


def ids_of(found: Found, policy: Policy) -> dict[str, tuple[int, ...]]:
    """What the record keeps of each list. The same few phrases come again and again, so that they are remembered."""
    known = policy.known_ids
    return {name: known.get((name, phrases)) or _ids(name, phrases, policy) for name, phrases in found.items()}


def _ids(name: str, phrases: tuple[str, ...], policy: Policy) -> tuple[int, ...]:
    heaviest: Sequence[str] = phrases
    if len(phrases) > 1:
        heaviest = sorted(outermost(phrases), key=policy.phrases[name].__getitem__, reverse=True)
    ids = tuple(map(phrase_id, heaviest[: KEPT.get(name, KEPT_OTHERWISE)]))
    if len(policy.known_ids) < MOST_KNOWN:
        policy.known_ids[name, phrases] = ids
    return ids


def outermost(phrases: Sequence[str]) -> Sequence[str]:
    """The phrases that are no part of a longer one found too: "audit" does not count beside "security audit"."""
    if len(phrases) < 2:
        return phrases
    literals = {phrase: phrase.removesuffix("*") for phrase in phrases[:MOST_HITS]}
    joined = "\n".join(set(literals.values()))
    return [phrase for phrase, literal in literals.items() if joined.count(literal) == 1]
