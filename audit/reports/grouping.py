"""A day's requests by everything that a report can be asked for."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from django.db.models import Count, Q, Value
from django.db.models.functions import Coalesce

from audit.latency import MILLISECONDS, TENTHS_OF_MILLISECONDS, Histogram, bucket_of, histogram
from audit.models.querysets import RoutingDecisionQuerySet
from audit.reports.measures import exact, sums

GROUP = ("team_id", "key_id", "tier", "served_model", "phase", "policy_version", "is_agentic")
# The report's column: the outcome's, and how fine
HISTOGRAMS = {
    "latency_histogram": ("duration", MILLISECONDS),
    "first_chunk_histogram": ("time_to_first_chunk", MILLISECONDS),
    "overhead_histogram": ("overhead", TENTHS_OF_MILLISECONDS),
}
Key = tuple[Any, ...]


def rows(decisions: RoutingDecisionQuerySet, *, also: tuple[str, ...] = ()) -> Iterator[dict[str, Any]]:
    """The columns of a report's row for each group; `also` groups by more."""
    group = (*GROUP, *also)
    histograms = {name: counted(decisions, group, *of) for name, of in HISTOGRAMS.items()}
    for found in grouped(decisions, group).annotate(**sums()).iterator():
        key = tuple(found[name] for name in group)
        names = {"team_name": found.pop("last_team_name"), "key_name": found.pop("last_key_name")}
        filled = {name: counts.get(key, []) for name, counts in histograms.items()}
        yield {name: exact(value) for name, value in found.items()} | names | filled


def grouped(decisions: RoutingDecisionQuerySet, group: tuple[str, ...]) -> Any:
    return decisions.annotate(served_model=Coalesce("ended__served_model", Value(""))).order_by().values(*group)


def counted(
    decisions: RoutingDecisionQuerySet, group: tuple[str, ...], column: str, unit: float
) -> dict[Key, Histogram]:
    """How long answers took, by group."""
    answers = decisions.filter(Q(("ended__status", "answered"), (f"ended__{column}__isnull", False)))
    bucketed = grouped(answers, group).annotate(bucket=bucket_of(f"ended__{column}", unit))
    counts: dict[Key, list[tuple[int, int]]] = defaultdict(list)
    for *key, bucket, count in bucketed.annotate(answers=Count("pk")).values_list(*group, "bucket", "answers"):
        counts[tuple(key)].append((bucket, count))
    return {key: histogram(found) for key, found in counts.items()}
