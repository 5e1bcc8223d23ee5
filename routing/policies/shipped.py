"""What the release ships, and how older content is read by it."""

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from routing.engine.content import LISTS_OFF, content_of

SHIPPED = Path(__file__).parent.parent / "defaults" / "policy.yaml"
NAMED_SECTIONS = ("thresholds", "switches", "phrases")  # whose names come with the release


@cache
def shipped_policy() -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # several times faster, where libyaml is there
    loaded: Mapping[str, Any] = yaml.load(SHIPPED.read_text(), loader)
    return loaded


@cache
def bounds() -> Mapping[str, tuple[float, float]]:
    """What an operator may set, by threshold."""
    return {name: (entry["lower"], entry["upper"]) for name, entry in shipped_policy()["thresholds"].items()}


def completed(content: Mapping[str, Any], newer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The content, with what it has no name for as `newer` (else the release) has it."""
    source = newer or content_of(shipped_policy())
    named = {section: {**(source.get(section) or {}), **content[section]} for section in NAMED_SECTIONS}
    return {**content, **named, **off_in(content, source)}


def off_in(content: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, list[str]]:
    """The lists that the content switches off, and of those that it does not know, what the other one does."""
    unknown = (name for name in other.get(LISTS_OFF, ()) if name not in content["phrases"])
    return lists_off([*content.get(LISTS_OFF, ()), *unknown])


def lists_off(names: Iterable[str]) -> dict[str, list[str]]:
    """Nothing where every list is on: such content has the digest that it had before lists could be switched off."""
    return {LISTS_OFF: found} if (found := sorted(set(names))) else {}
