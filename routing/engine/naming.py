"""The phrases and tags of a request by their texts: the way back from the ids that its record keeps."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from routing.engine.content import TAG_LISTS
from routing.engine.counting import found_in_ask, found_in_system
from routing.engine.features import Features
from routing.engine.hits import LISTS
from routing.engine.types import Policy, phrase_id

SPEAKING: Mapping[str, tuple[str, ...]] = {
    "agent_protocol": ("agent_protocol",),
    "agentic_prompt": ("agentic_marker",),
    "deep_reasoning": ("deep_reasoning",),
    "multi_file": ("multi_file",),
    "compaction": ("compaction",),
    "simple_task": ("simple_task",),
    "self_contained": ("self_contained",),
    "greeting": ("greeting",),
    "housekeeping": ("housekeeping",),
    "single_file_edit": ("single_file_edit",),
    "opus_score": ("deep_reasoning", "conflicting_constraints", "scope"),
    "keyword_opus": ("keyword_opus",),
}
"""The lists whose phrases make a rule fire."""
HOLDING: Mapping[str, tuple[str, ...]] = {
    "simple_task": ("deep_reasoning", "investigation"),
    "self_contained": ("deep_reasoning", "context_word"),
    "single_file_edit": ("deep_reasoning", "investigation", "multi_file"),
}
"""The lists whose phrases keep a rule from firing."""

Texts = Mapping[str, tuple[str, ...]]
"""Phrases by list."""


class NamedList(NamedTuple):
    """`others` were found too, but do not count: within a longer one, beside heavier ones, or a client's material."""

    name: str
    counted: tuple[str, ...]
    others: tuple[str, ...]

    @property
    def title(self) -> str:
        return self.name.replace("_", " ")


class Named(NamedTuple):
    """`introduced_by` made material of what followed them and a colon."""

    lists: tuple[NamedList, ...]
    tags: tuple[str, ...]
    introduced_by: tuple[str, ...]


class Names:
    """One policy's texts by their ids, list by list, when they are asked for."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._lists: dict[str, dict[int, str]] = {}

    def counted(self, features: Features) -> Texts:
        return {name: self._texts(name, ids) for name, ids in features.hits.items()}

    def named(self, features: Features) -> Named:
        """All that was found, in whatever part of the request."""
        in_ask = found_in_ask(features.in_ask, features.hits)
        in_system = found_in_system(features.in_system, features.hits)
        lists = []
        for name in LISTS:
            counted = features.hits.get(name, ())
            found = dict.fromkeys((*in_ask.get(name, ()), *in_system.get(name, ())))
            others = self._texts(name, [key for key in found if key not in counted])
            if counted or others:
                lists.append(NamedList(name, self._texts(name, counted), others))
        tags = [text for name in TAG_LISTS for text in self._texts(name, features.tags)]
        return Named(tuple(lists), tuple(tags), self._texts("simple_task", features.introduced_by))

    def _texts(self, name: str, ids: Iterable[int]) -> tuple[str, ...]:
        if name not in self._lists:
            self._lists[name] = {phrase_id(text): text for text in self._policy.phrases.get(name, ())}
        texts = self._lists[name]
        return tuple(texts[key] for key in ids if key in texts)


def speaking(rule: str, texts: Texts) -> tuple[str, ...]:
    """The phrases that made a rule fire, where phrases do."""
    return tuple(text for name in SPEAKING.get(rule, ()) for text in texts.get(name, ()))


def holding(rule: str, texts: Texts) -> tuple[str, ...]:
    """The phrases that keep a rule from firing, where phrases do."""
    return tuple(text for name in HOLDING.get(rule, ()) for text in texts.get(name, ()))


def missing(texts: Texts, others: Texts) -> Texts:
    """Those of `texts` that are not among the others."""
    return {name: tuple(text for text in listed if text not in others.get(name, ())) for name, listed in texts.items()}
