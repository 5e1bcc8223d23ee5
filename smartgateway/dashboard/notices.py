"""What an admin should know before trusting the figures: who builds them and who moves the record is at work."""

from datetime import datetime, timedelta
from typing import NamedTuple

from django.utils import timezone

from audit.models import ReportDay, Writer

SILENT = timedelta(minutes=5)  # reports are built every two minutes, writers are looked at every minute


class Notice(NamedTuple):
    title: str
    text: str


def notices(now: datetime | None = None) -> list[Notice]:
    now = now or timezone.now()
    return [notice for notice in (_worker(now), _shipper(now)) if notice]


def _worker(now: datetime) -> Notice | None:
    newest = ReportDay.objects.filter(rebuilt_at__isnull=False).order_by("-rebuilt_at").first()
    if newest is None or newest.rebuilt_at is None or newest.rebuilt_at > now - SILENT:
        return None
    return Notice(
        f"No report was built for {_since(newest.rebuilt_at, now)}",
        "The worker or beat is not running; what is shown below is as old as that. The Procfile starts both.",
    )


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
