"""A policy's content, as a published version holds it, and the frozen value made of it.

The content is plain data: mode, enabled, ambiguous_fallback_tier, models {slot: model}, thresholds {name: number},
switches {name: bool}, phrases {list: {phrase: weight}}, aliases [{pattern, target}], fallbacks {tier: [tier, ...]},
and, only where there are some, lists_off [list]: these are read as if they were empty.
"""

from collections.abc import Mapping
from typing import Any

from routing.engine.types import Alias, Matcher, Policy, Tier

LISTS_OFF = "lists_off"
TAG_LISTS = ("harness", "ask_tag")  # names of tags, compared in lower case


def content_of(defaults: Mapping[str, Any]) -> dict[str, Any]:
    """The content within a file like `routing/defaults/policy.yaml`, without what describes it."""
    return {
        **defaults,
        "thresholds": {name: float(row["value"]) for name, row in defaults["thresholds"].items()},
        "switches": {name: bool(row["value"]) for name, row in defaults["switches"].items()},
        "phrases": {name: _weighed(row["phrases"]) for name, row in defaults["phrases"].items()},
    }


def _weighed(phrases: Mapping[str, float] | list[str]) -> dict[str, float]:
    if isinstance(phrases, Mapping):
        return {phrase: float(weight) for phrase, weight in phrases.items()}
    return dict.fromkeys(phrases, 1.0)


def phrases_of(content: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """Every list; one that is switched off holds nothing."""
    return {**content["phrases"], **{name: {} for name in content.get(LISTS_OFF, ())}}


def matched_phrases(content: Mapping[str, Any]) -> dict[str, Mapping[str, float]]:
    """The lists that are looked for in text; a matcher is compiled from these."""
    return {name: listed for name, listed in phrases_of(content).items() if name not in TAG_LISTS}


def policy_from(content: Mapping[str, Any], *, version: int, match: Matcher, digest: str = "") -> Policy:
    phrases = phrases_of(content)
    for name in TAG_LISTS:
        phrases[name] = {tag.lower(): weight for tag, weight in phrases.get(name, {}).items()}
    return Policy(
        version=version,
        digest=digest,
        thresholds=dict(content["thresholds"]),
        switches=dict(content["switches"]),
        phrases=phrases,
        aliases=tuple(Alias(row["pattern"], row["target"]) for row in content["aliases"]),
        models=dict(content["models"]),
        fallbacks={tier: tuple(steps) for tier, steps in content["fallbacks"].items()},
        mode=content.get("mode", "local_first"),
        enabled=content.get("enabled", True),
        ambiguous_fallback_tier=Tier(content.get("ambiguous_fallback_tier", Tier.SONNET)),
        match=match,
    )
