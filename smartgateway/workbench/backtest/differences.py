"""What lies between the policy of a recorded decision and the one it is decided by again, as far as text matters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from routing.engine.content import TAG_LISTS
from routing.engine.hits import FORM_LISTS, INTENT_LISTS, KEPT, KEPT_OTHERWISE, LEAD_LISTS, LISTS, SYSTEM_LISTS
from routing.engine.types import Policy, phrase_id

TO_LOCAL = frozenset({"simple_task", "self_contained", "greeting", "single_file_edit", "housekeeping"})
"""Lists whose phrases speak for local; those of every other speak for Claude."""
TO_CLAUDE = frozenset(LISTS) - TO_LOCAL
IN_TWO_PLACES = frozenset(SYSTEM_LISTS)  # what is found in the system prompt says nothing of the ask
MEASURED_BY = ("chars_per_token", "image_tokens")
NAMES = ("aliases", "models")

Needed = tuple[tuple[str, int], ...]
"""Phrases, each with its list, without which another cannot have been found."""


class Left(NamedTuple):
    """What is left of a list's hits: phrases, their ids as a decision counts them, and those that perhaps count."""

    texts: tuple[str, ...]
    ids: tuple[int, ...]
    uncertain: tuple[int, ...]


@dataclass(frozen=True)
class Difference:
    """`changed` are lists that lost phrases or weigh them otherwise, `added` the new phrases of a list by id."""

    old: Policy
    new: Policy
    changed: frozenset[str] = field(init=False)
    added: Mapping[str, Mapping[int, str]] = field(init=False)
    left: dict[tuple[str, tuple[int, ...]], Left] = field(default_factory=dict, repr=False, compare=False)

    def __post_init__(self) -> None:
        before = {name: _texts(self.old, name) for name in LISTS}
        after = {name: _texts(self.new, name) for name in LISTS}
        weights = self.old.weights, self.new.weights
        changed = {
            name
            for name in LISTS
            if before[name].keys() - after[name].keys()
            or any(weights[0][name][key] != weights[1][name][key] for key in before[name].keys() & after[name].keys())
        }
        added = {
            name: {key: text for key, text in after[name].items() if key not in before[name]}
            for name in LISTS
            if after[name].keys() - before[name].keys()
        }
        object.__setattr__(self, "changed", frozenset(changed))
        object.__setattr__(self, "added", added)

    @cached_property
    def is_cut_differently(self) -> bool:
        """Another part of what was sent could be the ask; of what was sent, no more than the ask is kept."""
        return any(self.old.phrases.get(name) != self.new.phrases.get(name) for name in TAG_LISTS)

    @cached_property
    def is_text_needed(self) -> bool:
        """Only the text of the ask can tell what it is."""
        return self.is_cut_differently or (self.new.switches["tier_words"] and not self.old.switches["tier_words"])

    @cached_property
    def is_of_text(self) -> bool:
        words = self.old.switches["tier_words"] != self.new.switches["tier_words"]
        return words or bool(self.changed or self.added)

    @cached_property
    def is_of_names(self) -> bool:
        """What a name asks for could be another."""
        words = self.old.switches["tier_words"] != self.new.switches["tier_words"]
        return words or any(getattr(self.old, name) != getattr(self.new, name) for name in NAMES)

    @cached_property
    def is_measured_otherwise(self) -> bool:
        return any(self.old.thresholds[name] != self.new.thresholds[name] for name in MEASURED_BY)

    @cached_property
    def is_judged_otherwise(self) -> bool:
        return self.old.models["classifier"] != self.new.models["classifier"]

    @cached_property
    def texts(self) -> Mapping[str, Mapping[int, str]]:
        """The old policy's phrases by id."""
        return {name: _texts(self.old, name) for name in LISTS}

    @cached_property
    def new_texts(self) -> Mapping[str, Mapping[int, str]]:
        return {name: _texts(self.new, name) for name in LISTS}

    @cached_property
    def inner(self) -> Mapping[str, Mapping[int, tuple[int, ...]]]:
        """A phrase to those of its list that are found within it, itself among them."""
        return {name: {key: _ids(self.old, name, text) for key, text in self.texts[name].items()} for name in LISTS}

    @cached_property
    def around(self) -> Mapping[str, Mapping[int, frozenset[int]]]:
        """A phrase to those of its list within which it is found, itself among them."""
        found: dict[str, dict[int, set[int]]] = {}
        for name, listed in self.inner.items():
            for outer, parts in listed.items():
                for part in parts:
                    found.setdefault(name, {}).setdefault(part, set()).add(outer)
        return {name: {key: frozenset(outer) for key, outer in listed.items()} for name, listed in found.items()}

    @cached_property
    def doubtful(self) -> Mapping[str, Mapping[int, tuple[int, ...]]]:
        """A phrase with any ending to those that are only perhaps within it: where it ended like them."""
        return {
            name: {key: found for key, text in self.texts[name].items() if (found := self._doubtful(name, text))}
            for name in self.changed
        }

    def _doubtful(self, name: str, text: str) -> tuple[int, ...]:
        if not text.endswith("*"):
            return ()
        within = set(_ids(self.old, name, text.removesuffix("*") + "x"))
        return tuple(key for key in _ids(self.old, name, text) if key not in within and key != phrase_id(text))

    @cached_property
    def needed(self) -> Mapping[str, tuple[tuple[int, Needed], ...]]:
        """For each list with new phrases, the heaviest first: their ids, and what must have been found as well."""
        return {
            name: tuple((key, self._needed(name, added[key])) for key in _heaviest(self.new, name, added))
            for name, added in self.added.items()
        }

    def _needed(self, name: str, text: str) -> Needed:
        found = self.old.match(text.removesuffix("*") + ("x" if text.endswith("*") else ""))
        return tuple((other, phrase_id(part)) for other in _as_wide(name) for part in found.get(other, ()))


def most(list_name: str) -> int:
    """So many hits of a list are recorded."""
    return KEPT.get(list_name, KEPT_OTHERWISE)


def _texts(policy: Policy, name: str) -> dict[int, str]:
    return {phrase_id(text): text for text in policy.phrases.get(name, ())}


def _ids(policy: Policy, name: str, text: str) -> tuple[int, ...]:
    return tuple(map(phrase_id, policy.match(text.removesuffix("*")).get(name, ())))


def _heaviest(policy: Policy, name: str, keys: Mapping[int, str]) -> list[int]:
    return sorted(keys, key=policy.weights[name].__getitem__, reverse=True)


def _as_wide(name: str) -> tuple[str, ...]:
    """The lists that are looked for in all of the text in which this one is."""
    if name in IN_TWO_PLACES:
        return (name,)
    places = (FORM_LISTS, LEAD_LISTS, INTENT_LISTS)
    first = next(place for place, names in enumerate(places) if name in names)
    return tuple(other for names in places[first:] for other in names if other not in IN_TWO_PLACES)
