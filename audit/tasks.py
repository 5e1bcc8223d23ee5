from datetime import date

from celery import shared_task
from django.conf import settings

from audit import reports, retention


@shared_task(ignore_result=True, acks_late=True)
def rebuild_daily_report_task(*, day: str | None = None) -> None:
    """Today's report, or that of `day` (ISO), which a person asked for."""
    if day is None:
        reports.rebuild_todays_report()
    else:
        reports.rebuild_daily_report(date.fromisoformat(day))


@shared_task(ignore_result=True, acks_late=True)
def rebuild_recent_reports_task() -> None:
    """Yesterday's, with the late arrivals of the days before it."""
    reports.rebuild_recent_reports()


@shared_task(ignore_result=True, acks_late=True)
def remove_expired_task() -> None:
    """What is older than AUDIT_RETENTION_DAYS; nothing by default."""
    retention.remove_expired(settings.AUDIT_RETENTION_DAYS)
