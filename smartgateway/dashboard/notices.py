"""What an admin should know before trusting the figures: who builds them and who moves the record is at work."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

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
    return [notice for notice in (_worker(now), _shipper(now)) if notice]


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


def _since(moment: datetime, now: datetime) -> str:
    minutes = int((now - moment).total_seconds() // 60)
    for size, unit in ((24 * 60, "day"), (60, "hour")):
        if minutes >= 2 * size:
            return f"{minutes // size} {unit}s"
    return f"{minutes} minutes"
