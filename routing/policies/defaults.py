"""The first policy: what the release ships and the environment says. Later releases add names, never values."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.core.exceptions import ValidationError
from django.db import transaction

from routing.engine.content import content_of
from routing.models import (
    FallbackStep,
    ModelAlias,
    PhraseList,
    PolicyVersion,
    RoutingSettings,
    Switch,
    Threshold,
    TierModel,
)
from routing.policies.drafts import Content, digest_of
from routing.policies.environment import PLACES, overlaid
from routing.policies.publishing import lock, publish

SHIPPED = Path(__file__).parent.parent / "defaults" / "policy.yaml"
RELEASE = "bootstrap"  # the author of what nobody edited


@transaction.atomic
def load_defaults() -> PolicyVersion | None:
    """Fills an empty draft and publishes it as version 1; later, adds only what a release is the first to ship.

    Returns the version that was published, or None when there was nothing to do.
    """
    is_first = lock()
    shipped = shipped_policy()
    content = overlaid(content_of(shipped) | {"models": {}})
    if is_first:
        _refuse_out_of_bounds(shipped["thresholds"], content["thresholds"])
        _fill(content)
    _describe(shipped, content)
    newest = PolicyVersion.objects.newest()
    if newest is None:
        return publish("The policy that the release ships, with the values of the environment.", author=RELEASE)
    return _publish_additions(newest, content)


@cache
def shipped_policy() -> Mapping[str, Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # several times faster, where libyaml is there
    loaded: Mapping[str, Any] = yaml.load(SHIPPED.read_text(), loader)
    return loaded


@cache
def bounds() -> Mapping[str, tuple[float, float]]:
    """What an operator may set, by threshold."""
    return {name: (entry["lower"], entry["upper"]) for name, entry in shipped_policy()["thresholds"].items()}


def _refuse_out_of_bounds(shipped: Mapping[str, Any], values: Mapping[str, float]) -> None:
    for variable, (section, *name) in PLACES.items():
        if section == "thresholds":
            entry, value = shipped[name[0]], values[name[0]]
            if not entry["lower"] <= value <= entry["upper"]:
                bounds = f"{entry['lower']:,} to {entry['upper']:,} {entry['unit']}"
                raise ValidationError({variable: f"{variable} is {value:,.10g}: use a value from {bounds}."})


def _fill(content: Content) -> None:
    """The rows that are an operator's alone."""
    RoutingSettings.objects.update(
        is_enabled=content["enabled"],
        mode=content["mode"],
        ambiguous_fallback_tier=content["ambiguous_fallback_tier"],
    )
    TierModel.objects.bulk_create(TierModel(slot=slot, model=model) for slot, model in content["models"].items())
    ModelAlias.objects.bulk_create(ModelAlias(**alias) for alias in content["aliases"])
    FallbackStep.objects.bulk_create(_steps(content["fallbacks"]))


def _steps(fallbacks: Mapping[str, list[str]]) -> Iterator[FallbackStep]:
    for from_tier, steps in fallbacks.items():
        for order, to in enumerate(steps, start=1):
            yield FallbackStep(from_tier=from_tier, order=order, to=to)


def _describe(shipped: Mapping[str, Any], content: Content) -> None:
    """Names, bounds and words are the release's. A value is written only where its row is new."""
    for name, entry in shipped["thresholds"].items():
        _describe_threshold(name, entry, content["thresholds"][name])
    for name, entry in shipped["switches"].items():
        words = {"effect": entry["help"]}
        is_on = content["switches"][name]
        Switch.objects.update_or_create(name=name, defaults=words, create_defaults={**words, "is_on": is_on})
    for name, entry in shipped["phrases"].items():
        words = {"title": entry["title"], "effect": entry["help"]}
        phrase_list, is_new = PhraseList.objects.update_or_create(name=name, defaults=words)
        if is_new:
            phrase_list.fill(content["phrases"][name])


def _describe_threshold(name: str, entry: Mapping[str, Any], value: float) -> None:
    """Where a release narrows the bounds, the draft's value moves to the nearest that is left: a change to publish."""
    row = Threshold.objects.filter(name=name).first() or Threshold(name=name, value=value)
    row.unit, row.lower, row.upper, row.effect = entry["unit"], entry["lower"], entry["upper"], entry["help"]
    row.value = min(max(row.value, row.lower), row.upper)
    row.save()


def _publish_additions(newest: PolicyVersion, shipped: Content) -> PolicyVersion | None:
    """What this release is the first to ship joins the published policy; what waits in the draft stays there."""
    content = {**newest.content}
    for section in ("thresholds", "switches", "phrases"):
        content[section] = shipped[section] | newest.content[section]
    digest = digest_of(content)
    if digest == newest.digest:
        return None
    note = "What this release is the first to ship, with its default values."
    return PolicyVersion.objects.create(
        number=newest.number + 1, content=content, digest=digest, note=note, author=RELEASE
    )
