"""The beat schedule names tasks that exist, at times that mean the report's day."""

import os
import subprocess
import sys

import pytest
from django.conf import settings

from smartgateway.celery import app


@pytest.fixture(scope="module", autouse=True)
def tasks_are_imported():
    app.loader.import_default_modules()


@pytest.mark.parametrize("name", sorted(app.conf.beat_schedule))
def test_each_entry_runs_a_task_that_exists_and_takes_its_arguments(name):
    entry = app.conf.beat_schedule[name]

    task = app.tasks[entry["task"]]

    task.__header__(*entry.get("args", ()), **entry.get("kwargs", {}))


def test_todays_report_is_rebuilt_every_few_minutes_and_the_days_before_nightly():
    schedules = {entry["task"].split(".")[-1]: entry["schedule"] for entry in app.conf.beat_schedule.values()}

    assert schedules["rebuild_daily_report_task"] == 120
    assert schedules["rebuild_recent_reports_task"].hour == {0}


def test_the_schedule_follows_the_report_time_zone():
    script = "from smartgateway.celery import app; print(app.conf.timezone, app.conf.broker_url)"
    environment = {**os.environ, "REPORT_TIME_ZONE": "Europe/Berlin", "REDIS_URL": "unix:///run/v.sock?db=3"}

    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )

    assert result.stdout.split() == ["Europe/Berlin", "redis+socket:///run/v.sock?virtual_host=3"]
