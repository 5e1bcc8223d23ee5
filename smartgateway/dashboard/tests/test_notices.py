import os
from datetime import timedelta
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import ReportDay, Writer
from audit.reports import today
from audit.tasks import rebuild_daily_report_task
from smartgateway.dashboard import notices as module
from smartgateway.dashboard import views
from smartgateway.dashboard.tests.rows import DAY, decision, report

pytestmark = pytest.mark.django_db
ADDRESS = reverse("dashboard:overview")
WRITER = "a" * 32


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(views, "today", lambda: DAY)


@pytest.fixture(autouse=True)
def journals(settings, tmp_path):
    settings.AUDIT_JOURNAL_DIR = tmp_path
    return tmp_path


def text(response):
    return " ".join(response.content.decode().split())


def ago(**since):
    return timezone.now() - timedelta(**since)


def left(directory, name, minutes, size=3_000_000):
    path = directory / f"{WRITER}.{name}"
    path.write_bytes(bytes(size))
    os.utime(path, (ago(minutes=minutes).timestamp(),) * 2)


def stopped():
    report("local", day=today())
    ReportDay.objects.update(worked_at=ago(hours=3))


def test_figures_of_a_worker_that_stopped_say_how_old_they_are(admin_client):
    stopped()

    assert "Worker and beat have built no report for 3 hours" in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize("page", ["overview", "statement", "decisions"])
def test_a_manager_reads_on_every_page_that_figures_are_old_and_only_an_admin_what_to_do(manager, admin_client, page):
    stopped()

    theirs, mine = (text(client.get(reverse(f"dashboard:{page}"))) for client in (manager, admin_client))

    assert "Worker and beat have built no report for 3 hours" in theirs
    assert "The Procfile starts both." not in theirs
    assert "The Procfile starts both." in mine


def test_a_decisions_own_page_says_it_once_and_its_details_in_the_list_do_not(admin_client):
    stopped()
    address = reverse("dashboard:decision", args=[decision().pk])

    whole, part = text(admin_client.get(address)), text(admin_client.get(address, headers={"HX-Request": "true"}))

    assert whole.count("Worker and beat have") == 1
    assert "Worker and beat have" not in part


@pytest.mark.parametrize("worked_at", [None, ago(hours=3)], ids=["never", "hours ago"])
def test_a_report_that_was_built_by_hand_does_not_hide_a_worker_that_stopped(admin_client, worked_at):
    report("local")
    ReportDay.objects.update(worked_at=worked_at)

    admin_client.post(reverse("dashboard:rebuild"), {"from": DAY, "to": DAY})

    assert "Worker and beat have" in text(admin_client.get(ADDRESS))


def test_a_worker_that_never_ran_is_said_once_the_gateway_records_for_a_while(admin_client):
    decision()
    Writer.objects.update(started_at=ago(minutes=1), seen_at=timezone.now())
    assert "Worker and beat have" not in text(admin_client.get(ADDRESS))

    Writer.objects.update(started_at=ago(minutes=9))

    assert "Worker and beat have not built a report yet" in text(admin_client.get(ADDRESS))


def test_while_the_worker_builds_reports_nothing_is_said_of_it(admin_client):
    rebuild_daily_report_task()

    assert "Worker and beat have" not in text(admin_client.get(ADDRESS))


def test_a_shipper_that_stopped_is_said_to_all_and_its_host_to_admins(admin_client, manager):
    decision()
    Writer.objects.update(host="web-1", seen_at=ago(minutes=9), finished_at=None)

    mine, theirs = text(admin_client.get(ADDRESS)), text(manager.get(ADDRESS))

    assert "What a host of the gateway recorded was last fetched 9 minutes ago." in theirs
    assert "web-1" not in theirs
    assert "Records may wait in the journals of web-1" in mine


@pytest.mark.parametrize(
    ("minutes", "is_met", "is_said"),
    [(9, False, True), (1, False, False), (9, True, False)],
    ids=["never", "just begun", "it runs"],
)
def test_a_shipper_that_never_ran_is_said(manager, journals, minutes, is_met, is_said):
    left(journals, "lock", minutes, size=0)
    left(journals, "000001.journal", 0)
    if is_met:
        now = timezone.now()
        Writer.objects.create(uuid=UUID(WRITER), pid=1, started_at=now, seen_at=now)

    page = text(manager.get(ADDRESS))

    assert ("What this host of the gateway records was never fetched." in page) is is_said


@pytest.mark.parametrize(("minutes", "is_said"), [(9, True), (1, False)], ids=["for long", "just now"])
def test_a_journal_that_another_followed_and_that_stays_is_said(admin_client, journals, minutes, is_said):
    for number in (1, 2):
        left(journals, f"{number:06}.journal", minutes)

    assert ("3 MB of records wait in the journals of this host" in text(admin_client.get(ADDRESS))) is is_said


@pytest.mark.parametrize(
    ("fields", "is_said"),
    [
        ({"unknown_cost_count": 10}, True),
        ({"unknown_cost_count": 2}, False),
        ({"unknown_cost_count": 10, "cost": "1"}, False),
        ({"unknown_cost_count": 10, "answered_count": 0}, False),
    ],
    ids=["of no answer is it known", "of some", "some cost", "none was answered"],
)
def test_a_model_without_a_price_is_named_on_every_page(admin_client, manager, fields, is_said):
    made = report("opus", served_model="claude-new", day=today(), team_id=manager.team.pk)
    type(made).objects.update(**fields)
    address = reverse("dashboard:decisions")

    mine, theirs = text(admin_client.get(address)), text(manager.get(address))

    assert ("What claude-new costs is unknown" in mine) is is_said
    assert ("What claude-new costs is unknown" in theirs) is is_said
    assert (reverse("admin:routing_modelprice_changelist") in mine) is is_said
    assert reverse("admin:routing_modelprice_changelist") not in theirs


def test_a_manager_is_not_told_of_another_teams_models(manager):
    report("opus", served_model="claude-new", day=today(), team_id=manager.team.pk + 1, unknown_cost_count=10)

    assert "claude-new" not in text(manager.get(reverse("dashboard:decisions")))


def test_notices_cost_four_small_queries_and_read_no_raw_rows(journals):
    left(journals, "lock", 9, size=0)
    left(journals, "000001.journal", 9)
    stopped()

    with CaptureQueriesContext(connection) as queries:
        module.notices(None)

    assert len(queries) == 4
    assert not any(table in query["sql"] for query in queries for table in ("routingdecision", "outcome", "attempt"))
