"""What differs between two policies, in an operator's words."""

from collections.abc import Iterator, Mapping
from typing import Any, Self

from routing.engine.content import LISTS_OFF
from routing.policies.drafts import targets_of

Content = Mapping[str, Any]
SHOWN_PHRASES = 8
SETTINGS = {"enabled": "Smart routing", "mode": "Mode", "ambiguous_fallback_tier": "Tier of ambiguous requests"}
TABLES = {
    "thresholds": "Threshold",
    "switches": "Switch",
    "models": "Model of",
    "aliases": "Alias",
    "fallbacks": "Fallback of",
}


class Sentence(str):
    """What differs, in few words; `whole` says all of it, and is empty where the sentence does."""

    whole: str

    def __new__(cls, short: str, whole: str = "") -> Self:
        sentence = super().__new__(cls, short)
        sentence.whole = "" if whole == short else whole
        return sentence


def changes(before: Content | None, after: Content) -> list[Sentence]:
    """One sentence per difference, one per list of phrases; a policy without a predecessor is one sentence."""
    if before is None:
        return [Sentence("This is the first policy.")]
    phrases = _phrases(_by_name(before, "phrases"), _by_name(after, "phrases"))
    return [*map(Sentence, (*_settings(before, after), *_tables(before, after), *_lists(before, after))), *phrases]


def flat(content: Content) -> dict[str, Any]:
    """Every value of a policy by its place, such as "threshold opus_score_threshold" or "scope: roadmap"."""
    return {
        **{name: content.get(name) for name in SETTINGS},
        **{
            f"{label.lower()} {name}": value
            for section, label in TABLES.items()
            for name, value in _by_name(content, section).items()
        },
        **{f"list {name}": False for name in _off(content)},
        **{
            f"{name}: {text}": weight
            for name, listed in _by_name(content, "phrases").items()
            for text, weight in listed.items()
        },
    }


def _settings(before: Content, after: Content) -> Iterator[str]:
    for name, label in SETTINGS.items():
        if before.get(name) != after.get(name):
            yield f"{label}: {_shown(before.get(name))} → {_shown(after.get(name))}."


def _tables(before: Content, after: Content) -> Iterator[str]:
    for section, label in TABLES.items():
        old, new = _by_name(before, section), _by_name(after, section)
        for name in sorted(old.keys() | new.keys()):
            if name not in old:
                yield f"{label} {name}: {_shown(new[name])} (new)."
            elif name not in new:
                yield f"{label} {name}: removed (was {_shown(old[name])})."
            elif old[name] != new[name]:
                yield f"{label} {name}: {_shown(old[name])} → {_shown(new[name])}."


def _lists(before: Content, after: Content) -> Iterator[str]:
    old, new = _off(before), _off(after)
    for name in sorted(old ^ new):
        yield f"List {name}: {_shown(name not in old)} → {_shown(name not in new)}."


def _off(content: Content) -> set[str]:
    return set(content.get(LISTS_OFF) or ())


def _by_name(content: Content, section: str) -> Mapping[str, Any]:
    """Nothing, where a broken version lacks the section."""
    if not content.get(section):
        return {}
    return targets_of(content) if section == "aliases" else content[section]


def _phrases(before: Mapping[str, Mapping[str, float]], after: Mapping[str, Mapping[str, float]]) -> Iterator[Sentence]:
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, {}), after.get(name, {})
        signs = {
            "+ ": [_weighed(text, new[text]) for text in sorted(new.keys() - old.keys())],
            "− ": [repr(text) for text in sorted(old.keys() - new.keys())],
            "": [_reweighed(text, old, new) for text in sorted(old.keys() & new.keys()) if old[text] != new[text]],
        }
        parts = [(sign, texts) for sign, texts in signs.items() if texts]
        if parts:
            short, whole = ("; ".join(sign + told(texts) for sign, texts in parts) for told in (_shortened, ", ".join))
            yield Sentence(f"Phrases {name}: {short}.", f"Phrases {name}: {whole}.")


def _weighed(text: str, weight: float) -> str:
    return repr(text) if weight == 1 else f"{text!r} ({_shown(weight)})"


def _reweighed(text: str, old: Mapping[str, float], new: Mapping[str, float]) -> str:
    return f"{text!r} {_shown(old[text])} → {_shown(new[text])}"


def _shortened(texts: list[str]) -> str:
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
