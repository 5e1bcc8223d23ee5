"""What readers should know before they trust the figures: who builds them and who moves the record is at work."""

import os
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from audit.journal.reader import journals_in
from audit.models import DailyReport, ReportDay, Writer
from audit.reports import today
from smartgateway.dashboard.groups import summed
from smartgateway.dashboard.periods import WEEK

SILENT = timedelta(minutes=5)  # reports are built every two minutes, writers are looked at every minute
MOST_NAMED = 5
START_BOTH = "Worker or beat is not running. The Procfile starts both."
START_SHIPPER = "Its shipper is not running: manage.py serve starts it."
SAFE = "It is safe meanwhile, and counted once it is fetched."


class Notice(NamedTuple):
    """`step` is what an admin does about it, at `page` where there is one; others are not bothered with it."""

    title: str
    text: str
    step: str
    page: str = ""


def notices(teams: frozenset[int] | None, now: datetime | None = None) -> list[Notice]:
    now = now or timezone.now()
    found = (_worker(now), _shipper(now), *_journals(now), _price(teams))
    return [notice for notice in found if notice]


def _worker(now: datetime) -> Notice | None:
    newest = ReportDay.objects.newest_work()
    text = (
        "Figures are as old as that, unless somebody built them by hand. Nothing is lost: they are sums of the record."
    )
    if newest is not None:
        title = f"Worker and beat have built no report for {_since(newest, now)}"
        return Notice(title, text, START_BOTH) if newest <= now - SILENT else None
    if ReportDay.objects.exists() or Writer.objects.filter(is_synthetic=False, started_at__lt=now - SILENT).exists():
        return Notice("Worker and beat have not built a report yet", text, START_BOTH)
    return None


def _shipper(now: datetime) -> Notice | None:
    """A writer that has not ended, whose shipper no longer looks at it."""
    silent = Writer.objects.filter(finished_at=None, is_synthetic=False, seen_at__lt=now - SILENT).order_by("seen_at")
    writer = silent.first()
    if writer is None:
        return None
    return Notice(
        "Some requests may not be counted yet",
        f"What a host of the gateway recorded was last fetched {_since(writer.seen_at, now)} ago. {SAFE}",
        f"Records may wait in the journals of {writer.host}. {START_SHIPPER}",
    )


def _journals(now: datetime) -> Iterator[Notice]:
    """Of this host: those of a writer that no shipper ever met, and those that stay though another followed."""
    directory, since = Path(settings.AUDIT_JOURNAL_DIR), (now - SILENT).timestamp()
    found = journals_in(directory)
    unmet = [writer for writer in found if _is_older(directory / f"{writer}.lock", since)]
    met = Writer.objects.filter(uuid__in=map(UUID, unmet)).count() if unmet else 0
    if met < len(unmet):
        text = f"What this host of the gateway records was never fetched. {SAFE}"
        yield Notice("Some requests are not counted yet", text, START_SHIPPER)
    left = [directory / name for names in found.values() for name in sorted(names)[:-1]]
    stuck = [path for path in left if _is_older(path, since)]
    if stuck:
        size = sum(each.st_size for each in map(_seen, stuck) if each)
        yield Notice(
            "Some requests are not counted yet",
            f"{size / 1e6:,.0f} MB of records wait in the journals of this host for more than five minutes. {SAFE}",
            "The shipper's own words say why. At AUDIT_JOURNAL_MAX_MB new requests are refused.",
        )


def _is_older(path: Path, moment: float) -> bool:
    found = _seen(path)
    return found is not None and found.st_mtime < moment


def _seen(path: Path) -> os.stat_result | None:
    with suppress(FileNotFoundError):  # shipped meanwhile
        return path.stat()
    return None


def _price(teams: frozenset[int] | None) -> Notice | None:
    """Models that answered in the last seven days, of which not one answer has a known cost."""
    last = today()
    rows = DailyReport.objects.visible_to(teams).between(last - WEEK, last).exclude(served_model="")
    by_model: Any = rows.order_by().values("served_model")
    sums = by_model.annotate(**summed(["cost", "answered_count", "unknown_cost_count"]))
    all_unknown = Q(total_answered_count__gt=0, total_unknown_cost_count__gte=F("total_answered_count"))
    names = sorted(str(row["served_model"]) for row in sums.filter(all_unknown, total_cost=0))
    if not names:
        return None
    named = ", ".join(names[:MOST_NAMED]) + ("" if len(names) <= MOST_NAMED else f" and {len(names) - MOST_NAMED} more")
    return Notice(
        f"What {named} costs is unknown",
        "Answers of the last seven days are in no sum of money: there is no price, or no count of their tokens came.",
        "Prices are kept in the admin.",
        reverse("admin:routing_modelprice_changelist"),
    )


def _since(moment: datetime, now: datetime) -> str:
    minutes = int((now - moment).total_seconds() // 60)
    for size, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minutes"
