"""The draft rows as one content mapping, the form in which a policy is published."""

import json
from collections import defaultdict
from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from routing.models import (
    FallbackStep,
    ModelAlias,
    Phrase,
    PhraseList,
    RoutingSettings,
    Switch,
    Threshold,
    TierModel,
)
from routing.policies.shipped import lists_off

Content = dict[str, Any]


def draft_content() -> Content:
    settings = RoutingSettings.objects.first() or RoutingSettings()
    return {
        "enabled": settings.is_enabled,
        "mode": settings.mode,
        "ambiguous_fallback_tier": settings.ambiguous_fallback_tier,
        "thresholds": dict(Threshold.objects.values_list("name", "value")),
        "switches": dict(Switch.objects.values_list("name", "is_on")),
        "phrases": _phrases(),
        "aliases": list(ModelAlias.objects.order_by("pattern").values("pattern", "target")),
        "models": dict(TierModel.objects.values_list("slot", "model")),
        "fallbacks": _fallbacks(),
        **lists_off(PhraseList.objects.filter(is_on=False).values_list("name", flat=True)),
    }


def digest_of(content: Content) -> str:
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def targets_of(content: Mapping[str, Any]) -> dict[str, str]:
    """Alias targets by pattern."""
    return {alias["pattern"]: alias["target"] for alias in content["aliases"]}


def _phrases() -> dict[str, dict[str, float]]:
    lists: dict[str, dict[str, float]] = {name: {} for name in PhraseList.objects.values_list("name", flat=True)}
    for name, text, weight in Phrase.objects.values_list("phrase_list__name", "text", "weight"):
        lists[name][text] = weight
    return lists


def _fallbacks() -> dict[str, list[str]]:
    steps: dict[str, list[str]] = defaultdict(list)
    for from_tier, to in FallbackStep.objects.order_by("from_tier", "order").values_list("from_tier", "to"):
        steps[from_tier].append(to)
    return dict(steps)
