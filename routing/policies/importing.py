"""A policy file laid over the draft: what it names is replaced, what it leaves out stays as it is."""

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from difflib import get_close_matches
from typing import Any

from django.core.exceptions import ValidationError

from routing.engine.content import LISTS_OFF
from routing.models import ModelAlias, Phrase, TierModel
from routing.models.choices import AmbiguousTier, Mode, Rung, Slot
from routing.phrases import plain
from routing.policies.aliases import MOST_ALIASES, too_many
from routing.policies.drafts import Content
from routing.policies.files import read_yaml
from routing.policies.shipped import shipped_policy
from routing.policies.validation import problems

WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
MOST_ERRORS = 20


class RefusedError(Exception):
    """One value, and why it cannot be taken."""


def imported(text: str, draft: Content) -> Content:
    """The draft with what the file says. ValidationError lists everything that is wrong with the file."""
    content = overlaid_by(read_yaml(text), draft)
    _refuse([f"{place}: {message}" for place, message in problems(content)])
    return content


def overlaid_by(read: Mapping[str, Any], draft: Content) -> Content:
    """What was wrong with the draft already is not asked here."""
    errors: list[str] = []
    content = dict(draft)
    for section, value in read.items():
        try:
            if section not in SECTIONS:
                raise RefusedError(_unknown(section, SECTIONS))
            content[section] = SECTIONS[section](value, draft.get(section), errors)
        except RefusedError as refused:
            errors.append(f"{section}: {refused}")
    if not content.get(LISTS_OFF):
        content.pop(LISTS_OFF, None)
    _refuse(errors)
    return content


def _refuse(errors: list[str]) -> None:
    if errors:
        rest = len(errors) - MOST_ERRORS
        raise ValidationError(errors[:MOST_ERRORS] + ([f"… and {rest} more."] if rest > 0 else []))


def _unknown(name: str, known: Collection[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"this release does not know {name!r}" + (f": is {near[0]!r} meant?" if near else ".")


def _switch(value: object, *_: object) -> bool:
    if not isinstance(value, str) or value.lower() not in WORDS:
        raise RefusedError(f"{_shown(value)} is neither true nor false.")
    return WORDS[value.lower()]


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise RefusedError(f"{_shown(value)} is no number.")
    return number


def _one_of(allowed: Collection[str]) -> Callable[..., str]:
    def read(value: object, *_: object) -> str:
        if value not in allowed:
            raise RefusedError(f"{_shown(value)} is none of {', '.join(allowed)}.")
        return str(value)

    return read


def _text(value: object, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise RefusedError(f"{_shown(value)} is no text.")
    if len(value) > longest:
        raise RefusedError(f"{_shown(value)} is longer than {longest} characters.")
    if "\x00" in value or any("\ud800" <= char <= "\udfff" for char in value):
        raise RefusedError(f"{_shown(value)} holds what is no character.")
    return value


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else "a list or mapping"
    return text if len(text) <= 60 else f"{text[:57]}…'"


def _named(read_value: Callable[[Any], Any]) -> Callable[..., dict[str, Any]]:
    """A section whose names come with the release."""

    def read(value: object, known: Mapping[str, Any], errors: list[str]) -> dict[str, Any]:
        result = dict(known)
        for name, entry in _items(value):
            try:
                if name not in known:
                    raise RefusedError(_unknown(name, known))
                result[name] = read_value(entry)
            except RefusedError as refused:
                errors.append(f"{name}: {refused}")
        return result

    return read


def _items(value: object) -> Iterator[tuple[str, Any]]:
    if value == "":  # a section's name with nothing behind it
        return
    if not isinstance(value, Mapping):
        raise RefusedError("it holds names with values.")
    yield from value.items()


def _phrases(value: object) -> dict[str, float]:
    if value == "":
        return {}
    pairs = value.items() if isinstance(value, Mapping) else [(text, "1") for text in _list(value)]
    longest, found, seen = Phrase._meta.get_field("text").max_length or 0, {}, set()
    for text, weight in pairs:
        text, number = _text(text, longest), _number(weight)
        if (spelling := plain(text)) in seen:
            raise RefusedError(f"{text!r} stands there twice.")
        if not 0 < number <= 10:
            raise RefusedError(f"{text!r} weighs {number:.10g}: use a weight above 0 and at most 10.")
        seen.add(spelling)
        found[text] = number
    return found


def _list(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise RefusedError("it is a list.")
    return value


def _models(value: object, draft: Mapping[str, str], errors: list[str]) -> dict[str, str]:
    longest = TierModel._meta.get_field("model").max_length or 0
    known = {slot: draft.get(slot, "") for slot in Slot.values}
    return _named(lambda entry: _text(entry, longest))(value, known, errors)


def _aliases(value: object, *_: object) -> list[dict[str, str]]:
    found, pairs = [], list(_items(value))
    if len(pairs) > MOST_ALIASES:
        raise RefusedError(too_many(len(pairs)))
    for pattern, target in pairs:
        alias = ModelAlias(pattern=pattern, target=_text(target, 120))
        try:
            alias.clean_fields()
        except ValidationError as refused:
            raise RefusedError(f"{pattern!r}: {' '.join(refused.messages)}") from None
        found.append({"pattern": pattern, "target": alias.target})
    return sorted(found, key=lambda alias: alias["pattern"])


def _lists_off(value: object, *_: object) -> list[str]:
    known = _one_of(shipped_policy()["phrases"])
    return sorted({known(name) for name in (_list(value) if value != "" else ())})


def _fallbacks(value: object, *_: object) -> dict[str, list[str]]:
    rung, found = _one_of(Rung.values), {}
    for from_tier, steps in _items(value):
        tiers = [rung(step) for step in _list(steps)]
        if len(set(tiers)) < len(tiers):
            raise RefusedError(f"{from_tier}: a tier stands there twice.")
        found[rung(from_tier)] = tiers
    return {from_tier: steps for from_tier, steps in sorted(found.items()) if steps}


SECTIONS: Mapping[str, Callable[..., Any]] = {
    "enabled": _switch,
    "mode": _one_of(Mode.values),
    "ambiguous_fallback_tier": _one_of(AmbiguousTier.values),
    "models": _models,
    "thresholds": _named(_number),
    "switches": _named(_switch),
    "fallbacks": _fallbacks,
    "aliases": _aliases,
    LISTS_OFF: _lists_off,
    "phrases": _named(_phrases),
}
