"""What asked for a model by name that `auto` would have sent elsewhere, and how an admin can have it routed."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from audit.models import BypassReport
from routing import policies
from routing.engine.names import AUTOMATIC
from routing.models import ModelAlias
from smartgateway.dashboard.filters import Filters
from smartgateway.dashboard.groups import summed

MOST_ROWS = 8
MOST_EXPORTED = 1000
NOTHING = Decimal(0)
BESIDE = "auto, with a tier named beside it, or routing off"


@dataclass(frozen=True, slots=True)
class Bypassed:
    """`alias` is where an admin gives the name its alias; empty where it can have none."""

    asked: str
    auto_tier: str
    requests: int
    saving: Decimal
    alias: str
    unknown: int = 0  # requests that are not in `saving`


def bypassed(
    filters: Filters, teams: frozenset[int] | None, *, most: int = MOST_ROWS, least: Decimal | None = NOTHING
) -> list[Bypassed]:
    """Of the period, the team and the tier: what would have saved most first, and more than `least`."""
    period = filters.period
    rows = BypassReport.objects.filter(day__range=(period.first, period.last))
    rows = rows if teams is None else rows.filter(team_id__in=teams)
    rows = rows.filter(team_id=filters.team) if filters.team else rows
    rows = rows.filter(tier="" if filters.tier == "other" else filters.tier) if filters.tier else rows
    sums = summed(["request_count", "saving", "unknown_count"])
    summary: Any = rows.values("requested_model", "auto_tier").annotate(**sums)
    summary = summary if least is None else summary.filter(total_saving__gt=least)
    found = list(summary.order_by("-total_saving", "requested_model")[:most])
    named = dict(ModelAlias.objects.values_list("pattern", "pk"))
    return [
        Bypassed(
            row["requested_model"] if row["requested_model"].lower() not in AUTOMATIC else BESIDE,
            row["auto_tier"],
            row["total_request_count"],
            row["total_saving"],
            alias_of(row["requested_model"], named),
            row["total_unknown_count"],
        )
        for row in found
    ]


def alias_of(name: str, named: Mapping[str, int]) -> str:
    """A form filled in for a new alias, or the alias that it has."""
    if name in named:
        return reverse("admin:routing_modelalias_change", args=[named[name]])
    if name.lower() in policies.RESERVED:
        return ""
    return f"{reverse('admin:routing_modelalias_add')}?{urlencode({'pattern': name, 'target': 'auto'})}"
