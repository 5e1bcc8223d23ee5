"""Days built anew by hand."""

from datetime import timedelta

import pytest
from django.urls import reverse
from kombu.exceptions import OperationalError

from audit.ids import id_at
from audit.models import DailyReport, ReportDay
from smartgateway.celery import app
from smartgateway.dashboard.tests.overview.pages import ADDRESS, text
from smartgateway.dashboard.tests.rows import DAY, NOW, decision, outcome, report

pytestmark = pytest.mark.django_db

TASK = "audit.tasks.rebuild_daily_report_task"


def test_an_admin_builds_days_anew_and_a_manager_does_not(admin_client, signed_in):
    outcome(decision(id=id_at(NOW)))
    days = {"from": "2026-11-23", "to": "2026-11-23"}

    response = admin_client.post(reverse("dashboard:rebuild"), days)

    assert "The day is built anew." in text(admin_client.get(response.url))
    assert DailyReport.objects.get().request_count == 1
    assert signed_in("manager").post(reverse("dashboard:rebuild"), days).status_code == 403


@pytest.mark.parametrize(("trouble", "status"), [(None, 302), (OperationalError("refused"), 503)], ids=["well", "away"])
def test_several_days_are_left_to_a_worker_of_the_gateways_own_queue(admin_client, monkeypatch, trouble, status):
    queued = []

    def publish(self, name, args, kwargs, **options):
        if trouble:
            raise trouble
        queued.append((name, kwargs))

    monkeypatch.setitem(app.conf, "task_always_eager", False)
    monkeypatch.setattr(type(app), "send_task", publish)

    days = {"from": "2026-11-21", "to": "2026-11-23"}
    response = admin_client.post(reverse("dashboard:rebuild"), days)

    assert response.status_code == status
    assert queued == ([] if trouble else [(TASK, {"day": f"2026-11-{day}"}) for day in (21, 22, 23)])


def test_of_a_long_period_an_admin_builds_the_last_month_anew(admin_client, monkeypatch):
    monkeypatch.setitem(app.conf, "task_always_eager", True)
    report("local")
    days = {"from": DAY - timedelta(days=60), "to": DAY}

    page = text(admin_client.get(ADDRESS, days))
    response = admin_client.post(reverse("dashboard:rebuild"), days)

    assert "Build the last 31 of these days anew" in page
    assert ReportDay.objects.count() == 31
    assert "31 days are being built anew" in text(admin_client.get(response.url))


def test_a_manager_is_offered_no_button_to_build_with(signed_in, team):
    report("local", team_id=team.pk)

    assert "anew</button>" not in text(signed_in("manager").get(ADDRESS))
