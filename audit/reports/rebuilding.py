"""A day's report, replaced by what the record now says: safe to run twice, and at once."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.models import BypassReport, DailyReport, ReportDay, RoutingDecision, TagReport
from audit.reports import bypassed, grouping, tags

LATE_DAYS = 3
BATCH_ROWS = 200


def today() -> date:
    return timezone.localdate(timezone=ZoneInfo(settings.REPORT_TIME_ZONE))


def days_between(first: date, last: date) -> Iterator[date]:
    """Both included."""
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)


def rebuild_todays_report() -> None:
    """As worker and beat do it every few minutes: that they are at work is noted."""
    day = today()
    rebuild_daily_report(day)
    ReportDay.objects.filter(day=day).update(worked_at=timezone.now())


def rebuild_recent_reports() -> None:
    """Yesterday, and the days before it for which records may have come late."""
    for days in range(1, LATE_DAYS + 2):
        rebuild_daily_report(today() - timedelta(days=days))


@transaction.atomic
def rebuild_daily_report(day: date) -> int:
    """Replace the report rows of `day` with what the record now says; how many they are.

    Those of a day whose requests retention took away are final.
    """
    ReportDay.objects.get_or_create(day=day)
    if ReportDay.objects.select_for_update().get(day=day).removed_at is not None:
        return DailyReport.objects.filter(day=day).count()
    decisions = RoutingDecision.objects.on(day, settings.REPORT_TIME_ZONE)
    rows = [DailyReport(day=day, **values) for values in grouping.rows(decisions)]
    tagged = [TagReport(day=day, **values) for values in tags.rows(decisions)]
    around = [BypassReport(day=day, **values) for values in bypassed.rows(decisions)]
    for model, made in ((DailyReport, rows), (TagReport, tagged), (BypassReport, around)):
        model._default_manager.filter(day=day).delete()
        model._default_manager.bulk_create(made, batch_size=BATCH_ROWS)  # type: ignore[arg-type]  # each its own
    ReportDay.objects.filter(day=day).update(rebuilt_at=timezone.now())
    return len(rows)
