"""The daily reports: sums of the record, made anew from it at any time."""

from audit.reports.rebuilding import (
    LATE_DAYS,
    days_between,
    rebuild_daily_report,
    rebuild_recent_reports,
    rebuild_todays_report,
    today,
)

__all__ = [
    "LATE_DAYS",
    "days_between",
    "rebuild_daily_report",
    "rebuild_recent_reports",
    "rebuild_todays_report",
    "today",
]
