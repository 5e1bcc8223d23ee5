"""What must hold before a draft is published. Every problem is named by the place in which an operator mends it."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.core.exceptions import ValidationError

from routing.engine.content import matched_phrases, phrases_of
from routing.models import Threshold
from routing.models.choices import AmbiguousTier, Mode, Rung
from routing.phrases import compile_matcher
from routing.policies.aliases import MOST_ALIASES, known_models, problems_among, too_many
from routing.policies.drafts import targets_of
from routing.policies.phrase_lists import problems_in_lists
from routing.policies.shipped import NAMED_SECTIONS, shipped_policy
from routing.policies.tier_models import problems_of_tier_models

Problem = tuple[str, str]  # place, e.g. "threshold opus_score_threshold", and message
MOST_PHRASES = 10_000
PLACES = {"thresholds": "threshold", "switches": "switch", "phrases": "phrases"}


def validate(content: Mapping[str, Any]) -> None:
    """Raises one ValidationError with every problem, by place."""
    by_place: dict[str, list[str]] = {}
    for place, message in problems(content):
        by_place.setdefault(place, []).append(message)
    if by_place:
        raise ValidationError(by_place)


def problems(content: Mapping[str, Any]) -> Iterator[Problem]:
    yield from _missing_names(content)
    yield from _out_of_bounds(content["thresholds"])
    yield from _misnamed_models(content)
    yield from _unknown_choices(content)
    yield from _unknown_fallbacks(content["fallbacks"])
    yield from _misleading_aliases(content)
    yield from _misplaced_phrases(content)


def _missing_names(content: Mapping[str, Any]) -> Iterator[Problem]:
    """A draft that lost rows is no whole policy."""
    for section in NAMED_SECTIONS:
        for name in shipped_policy()[section].keys() - content[section].keys():
            yield f"{PLACES[section]} {name}", "Its row is missing: run manage.py bootstrap."


def _out_of_bounds(thresholds: Mapping[str, float]) -> Iterator[Problem]:
    for row in Threshold.objects.all():
        value = thresholds.get(row.name, row.value)
        if not row.lower <= value <= row.upper:
            yield (
                f"threshold {row.name}",
                f"{value:,.10g} lies outside {row.lower:,.10g} to {row.upper:,.10g} {row.unit}".rstrip(),
            )


def _misnamed_models(content: Mapping[str, Any]) -> Iterator[Problem]:
    for slot, message in problems_of_tier_models(content["models"], targets_of(content)):
        yield f"model {slot}", message


def _unknown_choices(content: Mapping[str, Any]) -> Iterator[Problem]:
    for field, allowed in (("mode", Mode.values), ("ambiguous_fallback_tier", AmbiguousTier.values)):
        if content[field] not in allowed:
            yield field, f"{content[field]!r} is none of {', '.join(allowed)}."


def _unknown_fallbacks(fallbacks: Mapping[str, list[str]]) -> Iterator[Problem]:
    for from_tier, steps in fallbacks.items():
        for to in steps:
            if {from_tier, to} - set(Rung.values) or from_tier == to:
                yield f"fallback {from_tier}", f"It cannot lead to {to}."


def _misleading_aliases(content: Mapping[str, Any]) -> Iterator[Problem]:
    if len(content["aliases"]) > MOST_ALIASES:
        yield "alias", too_many(len(content["aliases"]))
        return
    known = known_models(content["models"].values())
    for pattern, messages in problems_among(targets_of(content), known).items():
        for message in messages:
            yield f"alias {pattern}", message


def _misplaced_phrases(content: Mapping[str, Any]) -> Iterator[Problem]:
    count = sum(len(listed) for listed in content["phrases"].values())
    if count > MOST_PHRASES:
        yield "phrases", f"{count:,} phrases in all lists: keep at most {MOST_PHRASES:,}."
        return
    found = [(f"phrases {name}", message) for name, message in problems_in_lists(phrases_of(content))]
    yield from found or _unmatchable_phrases(content)


def _unmatchable_phrases(content: Mapping[str, Any]) -> Iterator[Problem]:
    try:
        compile_matcher(matched_phrases(content))
    except ValueError as exc:
        yield "phrases", f"{exc}."
