"""The Celery app; the beat schedule is put together here."""

import os

from celery import Celery
from celery.schedules import crontab
from celery.signals import worker_ready

TODAY_SECONDS = 120
EVIDENCE_SECONDS = 900
BACKTEST_SECONDS = 60

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "smartgateway.settings")
app = Celery("smartgateway")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
app.conf.beat_schedule = {
    "rebuild today's report": {
        "task": "audit.tasks.rebuild_daily_report_task",
        "schedule": TODAY_SECONDS,
        "options": {"expires": TODAY_SECONDS},
    },
    "rebuild the reports of the days before": {
        "task": "audit.tasks.rebuild_recent_reports_task",
        "schedule": crontab(hour=0, minute=20),  # in REPORT_TIME_ZONE, once yesterday's last requests have ended
    },
    "go on with backtests and shadows": {
        "task": "smartgateway.workbench.tasks.go_on_with_backtests_task",
        "schedule": BACKTEST_SECONDS,
        "options": {"expires": BACKTEST_SECONDS},
    },
    "forget the requests of calibrations that nobody takes up": {
        "task": "smartgateway.workbench.tasks.forget_abandoned_calibrations_task",
        "schedule": crontab(minute=50),
    },
    "remove what is older than it is kept": {
        "task": "audit.tasks.remove_expired_task",
        "schedule": crontab(hour=2, minute=40),
    },
    "remove prompt text that is older than its team keeps it": {
        "task": "smartgateway.keys.tasks.remove_expired_texts_task",
        "schedule": crontab(hour=2, minute=10),
    },
    "sum up what rules and phrases did": {
        "task": "smartgateway.workbench.tasks.summarise_evidence_task",
        "schedule": EVIDENCE_SECONDS,
        "options": {"expires": EVIDENCE_SECONDS},
    },
}


@worker_ready.connect
def build_todays_report(**kwargs: object) -> None:
    """The dashboard need not wait for beat's first turn."""
    app.send_task("audit.tasks.rebuild_daily_report_task", expires=TODAY_SECONDS)
