"""What an admin should know before trusting the figures: who builds them and who moves the record is at work."""

import os
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils import timezone

from audit.journal.reader import journals_in
from audit.models import ReportDay, Writer

SILENT = timedelta(minutes=5)  # reports are built every two minutes, writers are looked at every minute

TO_BE_STARTED = (
    "One of them is not running; what is shown below is as old as the time above says, unless somebody built it by "
    "hand. The Procfile starts both."
)


class Notice(NamedTuple):
    title: str
    text: str


def notices(now: datetime | None = None) -> list[Notice]:
    now = now or timezone.now()
    return [notice for notice in (_worker(now), _shipper(now), _journals(now)) if notice]


def _worker(now: datetime) -> Notice | None:
    newest = ReportDay.objects.newest_work()
    if newest is None:
        title = "Worker and beat have not built a report yet"
        return Notice(title, TO_BE_STARTED) if ReportDay.objects.exists() else None
    if newest > now - SILENT:
        return None
    return Notice(f"Worker and beat have built no report for {_since(newest, now)}", TO_BE_STARTED)


def _shipper(now: datetime) -> Notice | None:
    """A writer that has not ended, whose shipper no longer looks at it."""
    silent = Writer.objects.filter(finished_at=None, is_synthetic=False, seen_at__lt=now - SILENT).order_by("seen_at")
    writer = silent.first()
    if writer is None:
        return None
    return Notice(
        f"Records may wait in the journals of {writer.host}",
        f"Its shipper was last seen {_since(writer.seen_at, now)} ago. Nothing is lost: what waits there is in the "
        "figures once it runs again (manage.py serve starts it).",
    )


def _journals(now: datetime) -> Notice | None:
    """Of this host: a journal that another one has followed goes at once, unless it cannot be shipped."""
    directory = Path(settings.AUDIT_JOURNAL_DIR)
    left = [directory / name for names in journals_in(directory).values() for name in sorted(names)[:-1]]
    stuck = [each for each in map(_seen, left) if each and each.st_mtime < (now - SILENT).timestamp()]
    if not stuck:
        return None
    return Notice(
        f"{sum(each.st_size for each in stuck) / 1e6:,.0f} MB of records wait in the journals of this host",
        "They have not reached the database for more than five minutes: the shipper's own words say why. Nothing is "
        "lost; at AUDIT_JOURNAL_MAX_MB new requests are refused.",
    )


def _seen(path: Path) -> os.stat_result | None:
    with suppress(FileNotFoundError):  # shipped meanwhile
        return path.stat()
    return None


def _since(moment: datetime, now: datetime) -> str:
    minutes = int((now - moment).total_seconds() // 60)
    for size, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minutes"
