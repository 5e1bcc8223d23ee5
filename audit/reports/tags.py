"""A day's tagged requests by tag. One with two tags is in the sums of both, so these are never summed over tags."""

import json
from collections.abc import Iterator
from itertools import zip_longest
from typing import Any

from django.db.models import Count, TextField
from django.db.models.functions import Cast

from audit.models.querysets import RoutingDecisionQuerySet
from audit.reports.grouping import GROUP, HISTOGRAMS, Key
from audit.reports.grouping import rows as grouped_rows

MOST_COMBINATIONS = 300  # of a day, the most used; who sends a number as a tag must not fill the reports
LEFT_OUT = {"phase", "policy_version", "combination"}
KEPT = tuple(name for name in GROUP if name not in LEFT_OUT)
NAMES = {"tag", "team_name", "key_name", *GROUP}


def rows(decisions: RoutingDecisionQuerySet) -> Iterator[dict[str, Any]]:
    """The columns of a `TagReport` for each tag and group."""
    tagged = decisions.exclude(tags=[]).annotate(combination=Cast("tags", TextField()))
    found: dict[Key, dict[str, Any]] = {}
    if combinations := most_used(tagged):
        for row in grouped_rows(tagged.filter(combination__in=combinations), also=("combination",)):
            kept = {name: value for name, value in row.items() if name not in LEFT_OUT}
            for tag in {str(tag) for tag in json.loads(row["combination"])}:
                key = (tag, *(row[name] for name in KEPT))
                found[key] = added(found[key], kept) if key in found else {**kept, "tag": tag}
    yield from found.values()


def most_used(tagged: Any) -> list[str]:
    counted = tagged.order_by().values("combination").annotate(requests=Count("pk"))
    return [row["combination"] for row in counted.order_by("-requests", "combination")[:MOST_COMBINATIONS]]


def added(one: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
    """Everything but names is additive: counts, money, seconds, and histograms place by place."""
    total = dict(one)
    for name, value in other.items():
        if name in HISTOGRAMS:
            total[name] = [left + right for left, right in zip_longest(one[name], value, fillvalue=0)]
        elif name not in NAMES:
            total[name] = one[name] + value
    return total
