"""What differs between two policies, in an operator's words."""

from collections.abc import Iterator, Mapping
from typing import Any

from routing.policies.drafts import targets_of

Content = Mapping[str, Any]
SHOWN_PHRASES = 8


def changes(before: Content | None, after: Content) -> list[str]:
    """One sentence per difference; a policy without a predecessor is one sentence."""
    if before is None:
        return ["This is the first policy."]
    return [*_settings(before, after), *_tables(before, after), *_phrases(before["phrases"], after["phrases"])]


def _settings(before: Content, after: Content) -> Iterator[str]:
    labels = {"enabled": "Smart routing", "mode": "Mode", "ambiguous_fallback_tier": "Tier of ambiguous requests"}
    for name, label in labels.items():
        if before.get(name) != after.get(name):
            yield f"{label}: {_shown(before.get(name))} → {_shown(after.get(name))}."


def _tables(before: Content, after: Content) -> Iterator[str]:
    labels = {
        "thresholds": "Threshold",
        "switches": "Switch",
        "models": "Model of",
        "aliases": "Alias",
        "fallbacks": "Fallback of",
    }
    for section, label in labels.items():
        old, new = _by_name(before, section), _by_name(after, section)
        for name in sorted(old.keys() | new.keys()):
            if name not in old:
                yield f"{label} {name}: {_shown(new[name])} (new)."
            elif name not in new:
                yield f"{label} {name}: removed (was {_shown(old[name])})."
            elif old[name] != new[name]:
                yield f"{label} {name}: {_shown(old[name])} → {_shown(new[name])}."


def _by_name(content: Content, section: str) -> Mapping[str, Any]:
    return targets_of(content) if section == "aliases" else content[section]


def _phrases(before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, {}), after.get(name, {})
        added, removed = sorted(new.keys() - old.keys()), sorted(old.keys() - new.keys())
        if added:
            yield f"Phrases {name}: {len(added)} added ({_listed(added)})."
        if removed:
            yield f"Phrases {name}: {len(removed)} removed ({_listed(removed)})."
        for text in sorted(old.keys() & new.keys()):
            if old[text] != new[text]:
                yield f"Phrase {text!r} of {name}: weight {_shown(old[text])} → {_shown(new[text])}."


def _listed(texts: list[str]) -> str:
    rest = len(texts) - SHOWN_PHRASES
    return ", ".join(texts[:SHOWN_PHRASES]) + (f" and {rest} more" if rest > 0 else "")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, float):
        return f"{value:,.10g}"
    if isinstance(value, list):
        return ", then ".join(value) or "nothing"
    return str(value)
