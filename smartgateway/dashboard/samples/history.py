"""A synthetic history: one writer of its own, by which all its rows are found again."""

import random
from bisect import bisect
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from audit.ids import id_at
from audit.models import Attempt, BypassReport, DailyReport, Outcome, RoutingDecision, TagReport, Writer
from audit.reports import today
from audit.shipper.batch import ATTEMPTS, DECISIONS, OUTCOMES
from audit.shipper.tables import Row
from smartgateway.dashboard.samples.exchanges import Sample, samples
from smartgateway.dashboard.samples.filling import encoded, fill

HOST = "synthetic history"
PROTOTYPES = 2_000
CHUNK_REQUESTS = 2_000
# Requests by the day of the week, from Monday on: a working day's mean is 1
WEEK = (0.97, 1.05, 1.04, 1.02, 0.92, 0.2, 0.3)
VARIATION = 0.06  # of a day
VERSION_7 = 0x7 << 76 | 0b10 << 62
# Requests by hour of the day: people at work, and what runs by night
HOURS = (2, 2, 4, 2, 1, 1, 2, 5, 10, 16, 18, 17, 11, 14, 18, 17, 15, 11, 6, 4, 4, 3, 3, 2)


class Prototype(NamedTuple):
    """A request's rows without what makes each one unlike the others."""

    decision: Row
    attempts: list[Row]
    outcome: Row
    duration: timedelta


def seed(days: int, per_day: int, seed: int = 1) -> Iterator[tuple[date, int]]:
    """`per_day` requests on each working day up to now, fewer at weekends; yields each day with what it got."""
    draw = random.Random(seed)
    with transaction.atomic():
        writer = Writer.objects.create(
            uuid=uuid4(), host=HOST, pid=0, started_at=timezone.now(), seen_at=timezone.now(), is_synthetic=True
        )
    prototypes = [_prototype(writer.pk, sample) for sample in samples(PROTOTYPES, seed)]
    last = today()
    for number in range(days - 1, -1, -1):
        day = last - timedelta(days=number)
        moments = _moments(day, per_day, draw)
        for start in range(0, len(moments), CHUNK_REQUESTS):
            _fill(writer, draw.choices(prototypes, k=CHUNK_REQUESTS), moments[start : start + CHUNK_REQUESTS], draw)
        yield day, len(moments)
    now = timezone.now()
    Writer.objects.filter(pk=writer.pk).update(finished_at=now, swept_at=now)


def _prototype(writer_id: int, sample: Sample) -> Prototype:
    return Prototype(
        decision=encoded(DECISIONS.row(writer_id, 1, sample.decision)),
        attempts=[encoded(ATTEMPTS.row(writer_id, None, attempt)) for attempt in sample.outcome.attempts],
        outcome=encoded(OUTCOMES.row(writer_id, 1, sample.outcome)),
        duration=timedelta(seconds=sample.outcome.duration),
    )


def _moments(day: date, per_day: int, draw: random.Random) -> list[datetime]:
    """In order, none in the future; by the hours of the reports' time zone."""
    zone = ZoneInfo(settings.REPORT_TIME_ZONE)
    hours = [datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in range(24)]
    count = round(per_day * WEEK[day.weekday()] * draw.uniform(1 - VARIATION, 1 + VARIATION))
    drawn = draw.choices(hours, HOURS, k=count)
    moments = sorted(hour + timedelta(seconds=draw.uniform(0, 3599.999)) for hour in drawn)
    return moments[: bisect(moments, timezone.now())]


def _fill(writer: Writer, prototypes: list[Prototype], moments: list[datetime], draw: random.Random) -> None:
    """One transaction: the writer's sequence moves with its rows, as the shipper's does."""
    decisions: list[Row] = []
    attempts: list[Row] = []
    outcomes: list[Row] = []
    for prototype, moment in zip(prototypes, moments, strict=False):
        decision_id = _id(moment, draw)
        decisions.append(_with(prototype.decision, DECISION_PLACES, (decision_id, _text(moment), _next(writer))))
        for number, row in enumerate(prototype.attempts):
            sequence = _next(writer) if number else row[ATTEMPT_PLACES[3]]
            attempts.append(_with(row, ATTEMPT_PLACES, (_id(moment, draw), decision_id, _text(moment), sequence)))
        ended = _text(moment + prototype.duration)
        outcomes.append(_with(prototype.outcome, OUTCOME_PLACES, (decision_id, ended, _next(writer))))
    with transaction.atomic():
        fill(DECISIONS, decisions)
        fill(ATTEMPTS, attempts)
        fill(OUTCOMES, outcomes)
        writer.save(update_fields=["sequence"])


DECISION_PLACES = [DECISIONS.columns.index(name) for name in ("id", "created_at", "sequence")]
ATTEMPT_PLACES = [ATTEMPTS.columns.index(name) for name in ("id", "decision_id", "started_at", "sequence")]
OUTCOME_PLACES = [OUTCOMES.columns.index(name) for name in ("decision_id", "created_at", "sequence")]


def _with(row: Row, places: list[int], values: tuple[str, ...]) -> Row:
    row = row.copy()
    for place, value in zip(places, values, strict=True):
        row[place] = value
    return row


def _text(moment: datetime) -> str:
    """Both databases are spoken to in UTC."""
    return str(moment.replace(tzinfo=None))


def _next(writer: Writer) -> str:
    writer.sequence += 1
    return str(writer.sequence)


def _id(moment: datetime, draw: random.Random) -> str:
    bits = int(moment.timestamp() * 1000) << 80 | VERSION_7 | draw.getrandbits(62) | draw.getrandbits(12) << 64
    return f"{bits:032x}"


def remove() -> int:
    """Every synthetic row and what the reports say of them; how many requests they were."""
    writers = list(Writer.objects.filter(is_synthetic=True).values_list("pk", flat=True))
    _, _, removed = (_remove(model, writers) for model in (Outcome, Attempt, RoutingDecision))
    for report in (DailyReport, TagReport, BypassReport):
        report._default_manager.filter(team_id__lt=0).delete()
    Writer.objects.filter(pk__in=writers).delete()
    return removed


def _remove(model: type[Model], writers: list[int]) -> int:
    """Hour by hour, so that nobody waits long for the table."""
    rows = model._default_manager.filter(writer_id__in=writers)
    first, last = rows.order_by("pk").first(), rows.order_by("-pk").first()
    if first is None or last is None:
        return 0
    removed, start, end = 0, _moment_of(first.pk), _moment_of(last.pk)
    while start <= end:
        upper = start + timedelta(hours=1)
        removed += rows.filter(pk__gte=id_at(start), pk__lt=id_at(upper)).delete()[0]
        start = upper
    return removed


def _moment_of(key: UUID) -> datetime:
    return datetime.fromtimestamp((key.int >> 80) / 1000, UTC)
