"""What lies between the policy of a recorded decision and the one it is decided by again, as far as text matters."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from routing.engine.content import TAG_LISTS
from routing.engine.counting import KEPT, KEPT_OTHERWISE, Hits
from routing.engine.hits import FORM_LISTS, INTENT_LISTS, LEAD_LISTS, LISTS, SYSTEM_LISTS, Found
from routing.engine.reading import LIST_OF
from routing.engine.types import Policy, phrase_id

TO_LOCAL = frozenset({"simple_task", "self_contained", "greeting", "single_file_edit", "housekeeping"})
"""Lists whose phrases speak for local; those of every other speak for Claude."""
TO_CLAUDE = frozenset(LISTS) - TO_LOCAL
IN_TWO_PLACES = frozenset(SYSTEM_LISTS)  # what is found in the system prompt says nothing of the ask
MEASURED_BY = ("chars_per_token", "image_tokens")
NAMES = ("aliases", "models")
MOST_REMEMBERED = 50_000

Needed = tuple[tuple[str, int], ...]
"""Phrases, each with its list, without which another cannot have been found."""


@dataclass(frozen=True)
class Difference:
    """`changed` are lists that lost phrases or weigh them otherwise, `added` the new phrases of a list by id."""

    old: Policy
    new: Policy
    changed: frozenset[str] = field(init=False)
    added: Mapping[str, Mapping[int, str]] = field(init=False)
    left: dict[tuple[str, tuple[int, ...]], tuple[str, ...]] = field(default_factory=dict, repr=False, compare=False)

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
        """Another part of what was sent could be the ask."""
        return any(self.old.weights[name].keys() != self.new.weights[name].keys() for name in TAG_LISTS)

    @cached_property
    def has_new_tags(self) -> bool:
        return any(self.new.weights[name].keys() - self.old.weights[name].keys() for name in TAG_LISTS)

    def without(self, tags: tuple[int, ...]) -> int | None:
        """What the reading of an ask loses, around which these tags were met. None where that is not recorded."""
        if not self.is_cut_differently:
            return 0
        if self.has_new_tags:
            return None
        lost = 0
        for bit, name in LIST_OF.items():
            met = self.old.weights[name].keys() & tags
            gone = met - self.new.weights[name].keys()
            if gone and gone != met:
                return None
            lost |= bit if gone else 0
        return lost

    @cached_property
    def is_of_words(self) -> bool:
        """The first word of an ask means something else."""
        return self.old.switches["tier_words"] != self.new.switches["tier_words"]

    @cached_property
    def is_of_text(self) -> bool:
        return self.is_of_words or self.is_cut_differently or bool(self.changed or self.added)

    @cached_property
    def is_of_names(self) -> bool:
        """What a name asks for could be another."""
        is_read_otherwise = self.is_of_words or self.is_cut_differently
        return is_read_otherwise or any(getattr(self.old, name) != getattr(self.new, name) for name in NAMES)

    @cached_property
    def is_measured_otherwise(self) -> bool:
        return any(self.old.thresholds[name] != self.new.thresholds[name] for name in MEASURED_BY)

    @cached_property
    def is_judged_otherwise(self) -> bool:
        return self.old.models["classifier"] != self.new.models["classifier"]

    @cached_property
    def new_texts(self) -> Mapping[str, Mapping[int, str]]:
        """The new policy's phrases by id."""
        return {name: _texts(self.new, name) for name in LISTS}

    def left_of(self, found: Hits) -> Found:
        """The phrases that the new policy still has. The same ones come together in many requests."""
        left = {name: self._left(name, ids) for name, ids in found.items()}
        return {name: texts for name, texts in left.items() if texts}

    def _left(self, name: str, ids: tuple[int, ...]) -> tuple[str, ...]:
        left = self.left.get((name, ids))
        if left is None:
            new = self.new_texts[name]
            left = tuple(new[key] for key in ids if key in new)
            if len(self.left) < MOST_REMEMBERED:
                self.left[name, ids] = left
        return left

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


def difference_between(old: Policy, new: Policy) -> Difference:
    """Policies that hold the same differ in nothing, whatever their numbers."""
    return Difference(new if old.digest == new.digest else old, new)


def most(list_name: str) -> int:
    """So many hits of a list count."""
    return KEPT.get(list_name, KEPT_OTHERWISE)


def _texts(policy: Policy, name: str) -> dict[int, str]:
    return {phrase_id(text): text for text in policy.phrases.get(name, ())}


def _heaviest(policy: Policy, name: str, keys: Mapping[int, str]) -> list[int]:
    return sorted(keys, key=policy.weights[name].__getitem__, reverse=True)


def _as_wide(name: str) -> tuple[str, ...]:
    """The lists that are looked for in all of the text in which this one is: simple tasks also before a colon."""
    if name in IN_TWO_PLACES or name == "simple_task":
        return (name,)
    places = (FORM_LISTS, LEAD_LISTS, INTENT_LISTS)
    first = next(place for place, names in enumerate(places) if name in names)
    return tuple(other for names in places[first:] for other in names if other not in IN_TWO_PLACES)
