"""Durations as counts in buckets that grow by a fixed factor: small, exact to add, close enough for percentiles."""

from collections.abc import Iterable
from itertools import zip_longest
from math import log

from django.db.models import Expression, F, FloatField, IntegerField, Value
from django.db.models.functions import Cast, Floor, Greatest, Ln

Histogram = list[int]
"""Position n counts what took from 2^(n/3) up to 2^((n+1)/3) units; the first also what was faster."""

MILLISECONDS = 1e3  # units in a second: of answers
TENTHS_OF_MILLISECONDS = 1e4  # of what the gateway adds to them

BUCKETS_PER_DOUBLING = 3
BUCKET_COUNT = 64


def bucket_of(field: str, unit: float = MILLISECONDS) -> Expression:
    """The bucket of a duration in seconds, in SQL."""
    units = Greatest(F(field) * Value(unit), Value(1.0), output_field=FloatField())
    position = Ln(units) * Value(BUCKETS_PER_DOUBLING / log(2), output_field=FloatField())
    return Cast(Floor(position, output_field=FloatField()), IntegerField())


def histogram(counts: Iterable[tuple[int, int]]) -> Histogram:
    """From (bucket, count); what is beyond the last bucket counts there."""
    filled = [0] * BUCKET_COUNT
    for bucket, count in counts:
        filled[min(bucket, BUCKET_COUNT - 1)] += count
    while filled and not filled[-1]:
        filled.pop()
    return filled


def merged(histograms: Iterable[Histogram]) -> Histogram:
    return [sum(counts) for counts in zip_longest(*histograms, fillvalue=0)]


def percentile(of: Histogram, share: float, unit: float = MILLISECONDS) -> float | None:
    """Seconds that `share` (0..1) of the requests did not exceed, interpolated in its bucket; None without any."""
    rest = sum(of) * share
    for bucket, count in enumerate(of):
        if count and rest <= count:
            return float(2 ** ((bucket + rest / count) / BUCKETS_PER_DOUBLING)) / unit
        rest -= count
    return None
