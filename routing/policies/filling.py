"""The draft, replaced by another content: an older version's, a file's, a preset's."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db import transaction

from routing.engine.content import LISTS_OFF
from routing.models import (
    AdminChange,
    FallbackStep,
    ModelAlias,
    Phrase,
    PhraseList,
    RoutingSettings,
    Switch,
    Threshold,
    TierModel,
)
from routing.models.choices import Rung, Slot
from routing.policies.changes import flat
from routing.policies.drafts import Content, draft_content
from routing.policies.locking import lock
from routing.policies.moving import refuse_if_moved
from routing.policies.shipped import off_in


@transaction.atomic
def replace_draft(content: Content, action: str, *, author: str, name: str = "", seen_digest: str = "") -> Content:
    """Writes what the rows of this release can hold of the content, and logs it. Returns what the draft was before.

    With `seen_digest`, the mark of a page or a digest, only if the draft still is what its admin looked at.
    """
    lock()
    before = draft_content()
    refuse_if_moved(seen_digest, before)
    fill_draft(fitted(content, before))
    now = flat(draft_content())
    AdminChange.objects.note(action, "draft", author=author, name=name, before=flat(before), after=now)
    return before


def fitted(content: Content, draft: Content) -> Content:
    """Names that only this release knows keep the draft's value; values move into this release's bounds."""
    bounds = {row.name: (row.lower, row.upper) for row in Threshold.objects.all()}
    thresholds = {name: content["thresholds"].get(name, value) for name, value in draft["thresholds"].items()}
    return {
        **{name: value for name, value in content.items() if name != LISTS_OFF},
        "thresholds": {name: min(max(value, bounds[name][0]), bounds[name][1]) for name, value in thresholds.items()},
        "switches": {name: content["switches"].get(name, is_on) for name, is_on in draft["switches"].items()},
        "phrases": {name: content["phrases"].get(name, listed) for name, listed in draft["phrases"].items()},
        **off_in(content, draft),
        "models": {slot: content["models"].get(slot) or draft["models"].get(slot, "") for slot in Slot.values},
    }


def fill_draft(content: Content) -> None:
    """Every row as the content says. Thresholds, switches and lists are there already: they come with the release."""
    RoutingSettings.objects.update(
        is_enabled=content["enabled"],
        mode=content["mode"],
        ambiguous_fallback_tier=content["ambiguous_fallback_tier"],
    )
    _fill_named(content)
    _fill_phrases(content["phrases"])
    off = content.get(LISTS_OFF, [])
    PhraseList.objects.filter(name__in=off).update(is_on=False)
    PhraseList.objects.exclude(name__in=off).update(is_on=True)
    for model in (TierModel, ModelAlias, FallbackStep):
        model._default_manager.all().delete()
    TierModel.objects.bulk_create(TierModel(slot=slot, model=name) for slot, name in content["models"].items() if name)
    ModelAlias.objects.bulk_create(ModelAlias(**alias) for alias in content["aliases"])
    FallbackStep.objects.bulk_create(steps_of(content["fallbacks"]))


def steps_of(fallbacks: Mapping[str, list[str]]) -> Iterator[FallbackStep]:
    for from_tier, steps in fallbacks.items():
        for order, to in enumerate(steps, start=1):
            if {from_tier, to} <= set(Rung.values):
                yield FallbackStep(from_tier=from_tier, order=order, to=to)


def _fill_named(content: Mapping[str, Any]) -> None:
    thresholds, switches = list(Threshold.objects.all()), list(Switch.objects.all())
    for threshold in thresholds:
        threshold.value = content["thresholds"][threshold.name]
    for switch in switches:
        switch.is_on = content["switches"][switch.name]
    Threshold.objects.bulk_update(thresholds, ["value"])
    Switch.objects.bulk_update(switches, ["is_on"])


def _fill_phrases(lists: Mapping[str, Mapping[str, float]]) -> None:
    """Lists that stay as they are keep their rows."""
    for row in PhraseList.objects.prefetch_related("phrases"):
        listed = lists[row.name]
        if {phrase.text: phrase.weight for phrase in row.phrases.all()} != listed:
            row.phrases.all().delete()
            Phrase.objects.bulk_create(
                Phrase(phrase_list=row, text=text, weight=weight) for text, weight in listed.items()
            )
