"""The first policy: what the release ships and the environment says. Later releases add names, never values."""

from collections.abc import Mapping
from typing import Any

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
from routing.policies.filling import steps_of
from routing.policies.locking import lock
from routing.policies.publishing import publish
from routing.policies.shipped import completed, shipped_policy

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
    FallbackStep.objects.bulk_create(steps_of(content["fallbacks"]))


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
    content = completed(newest.content, shipped)
    digest = digest_of(content)
    if digest == newest.digest:
        return None
    note = "What this release is the first to ship, with its default values."
    return PolicyVersion.objects.create(
        number=newest.number + 1, content=content, digest=digest, note=note, author=RELEASE
    )
