"""Which of the phrases found in a request count, as ids that the record keeps."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from routing.engine.hits import LISTS, SYSTEM_LISTS, Found
from routing.engine.types import Policy, phrase_id

KEPT = {"deep_reasoning": 8, "conflicting_constraints": 4, "scope": 4}  # of one list that count, the heaviest first
KEPT_OTHERWISE = 3
MOST_KNOWN = 4_096  # combinations of phrases whose ids a policy remembers
MOST_HITS = 32  # of one list that are compared with one another
OF_HOUSEKEEPING = ("housekeeping", "compaction")
IN_BOTH = ("housekeeping", "agent_protocol")  # lists whose phrases may stand in the ask and in the system prompt
PLACES = {name: place for place, name in enumerate(LISTS)}

Hits = Mapping[str, tuple[int, ...]]
Packed = tuple[tuple[int, ...], ...]
"""Phrases by list: the place of each list in `LISTS`, followed by the ids of its phrases."""


class Counted(NamedTuple):
    hits: Hits
    greeting_share: float  # how much of the ask its greetings make up
    is_housekeeping: bool


def counted(in_ask: Found, in_system: Found, ask_chars: int, policy: Policy) -> Counted:
    """A client's housekeeping carries the conversation as material: what stands in that counts for nothing."""
    is_housekeeping = "housekeeping" in in_ask or "housekeeping" in in_system
    if is_housekeeping:
        in_ask = {name: in_ask[name] for name in OF_HOUSEKEEPING if name in in_ask}
    share = _share(in_ask["greeting"], ask_chars) if "greeting" in in_ask else 0.0
    return Counted(ids_of({**in_system, **in_ask} if in_system else in_ask, policy), share, is_housekeeping)


def _share(greetings: Sequence[str], ask_chars: int) -> float:
    return round(min(1.0, sum(map(len, outermost(greetings))) / max(1, ask_chars)), 3)


class Listed(NamedTuple):
    """What was found of a list: the ids that count, and for the record all of them behind their list's place."""

    ids: tuple[int, ...]
    packed: tuple[int, ...]


def ids_of(found: Found, policy: Policy) -> Hits:
    return {name: _listed(name, phrases, policy).ids for name, phrases in found.items()}


def _listed(name: str, phrases: tuple[str, ...], policy: Policy) -> Listed:
    """The same few phrases come again and again, so that their ids are remembered."""
    return policy.known_ids.get((name, phrases)) or _list(name, phrases, policy)


def _list(name: str, phrases: tuple[str, ...], policy: Policy) -> Listed:
    heaviest: Sequence[str] = phrases
    if len(phrases) > 1:
        heaviest = sorted(outermost(phrases), key=policy.phrases[name].__getitem__, reverse=True)
    kept = heaviest[: KEPT.get(name, KEPT_OTHERWISE)]
    found = Listed(tuple(map(phrase_id, kept)), (PLACES[name], *map(phrase_id, phrases)))
    if len(phrases) <= MOST_HITS and len(policy.known_ids) < MOST_KNOWN:
        policy.known_ids[name, phrases] = found
    return found


def outermost(phrases: Sequence[str]) -> Sequence[str]:
    """The phrases that are no part of a longer one found too: "audit" does not count beside "security audit"."""
    if len(phrases) < 2:
        return phrases
    literals = {phrase: phrase.removesuffix("*") for phrase in phrases[:MOST_HITS]}
    joined = "\n".join(set(literals.values()))
    return [phrase for phrase, literal in literals.items() if joined.count(literal) == 1]


def packed(found: Found, policy: Policy) -> Packed:
    return tuple([_listed(name, phrases, policy).packed for name, phrases in found.items()])


def packed_ids(found: Hits) -> Packed:
    return tuple([(PLACES[name], *ids) for name, ids in found.items()])


def listed(found: Packed) -> Hits:
    return {LISTS[place]: tuple(ids) for place, *ids in found}


def uncounted(found: Found, hits: Hits, policy: Policy) -> Packed:
    """Of what was found in one place the lists of which `hits` do not tell all."""
    return tuple(
        [
            _listed(name, phrases, policy).packed
            for name, phrases in found.items()
            if name in IN_BOTH or len(phrases) != len(hits.get(name, ()))
        ]
    )


def found_in_ask(uncounted: Packed, hits: Hits) -> Hits:
    """The way back: every phrase that was found in the ask."""
    return {**{name: ids for name, ids in hits.items() if name not in SYSTEM_LISTS}, **listed(uncounted)}


def found_in_system(uncounted: Packed, hits: Hits) -> Hits:
    """The way back: every phrase that was found in the system prompt."""
    told = {name: ids for name, ids in hits.items() if name in SYSTEM_LISTS and name not in IN_BOTH}
    return {**told, **listed(uncounted)}
