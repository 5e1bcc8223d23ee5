import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from audit import reports, tasks
from audit.models import DailyReport, ReportDay
from audit.tests.days import DAY, NOON

pytestmark = pytest.mark.django_db


def test_a_day_is_summed_by_its_dimensions(made):
    made(came={"cost": "0.001", "duration": 1.0})
    made(came={"cost": "0.002", "duration": 3.0})
    made(tier="sonnet", came={"served_model": "claude-sonnet-5-5", "served_tier": "sonnet", "cost": "0.0058"})

    assert reports.rebuild_daily_report(DAY) == 2

    row = DailyReport.objects.get(tier="local")
    assert (row.day, row.team_name, row.key_name, row.phase, row.policy_version) == (
        DAY,
        "platform",
        "ci",
        "heuristic",
        3,
    )
    assert (row.request_count, row.answered_count, row.fresh_input_tokens, row.output_tokens) == (2, 2, 1800, 420)
    assert (row.cost, row.baseline_requested) == (Decimal("0.003"), Decimal("0.0117"))
    assert row.saved_requested == Decimal("0.0087")
    assert sum(row.latency_histogram) == 2
    assert row.duration == 4.0


def test_savings_are_net_of_the_classifier_and_may_be_negative(made):
    made(came={"cost": "0.005", "classifier_cost": "0.001", "baseline_requested": "0.0055"})

    reports.rebuild_daily_report(DAY)

    assert DailyReport.objects.get().saved_requested == Decimal("-0.0005")


def test_an_unknown_cost_is_counted_apart_and_saves_nothing(made):
    made(came={"cost": None, "baseline_requested": "0.01"})
    made(came={"cost": "0.004", "baseline_requested": "0.01"})

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert (row.unknown_cost_count, row.cost, row.saved_requested) == (1, Decimal("0.004"), Decimal("0.006"))


def test_an_unknown_classifier_cost_saves_nothing_unless_the_classifier_was_not_asked(made):
    made(classifier_state="miss", classifier_input_tokens=200, came={"classifier_cost": None, "cost": "0"})
    made(came={"classifier_cost": None, "cost": "0", "baseline_requested": "0.01"})

    reports.rebuild_daily_report(DAY)

    assert DailyReport.objects.get().saved_requested == Decimal("0.01")
    assert DailyReport.objects.get().classifier_count == 1


def test_what_went_otherwise_is_counted_by_its_kind(made):
    made(came={"status": "failed", "http_status": 502})
    made(came={"status": "aborted", "is_complete": False})
    made(came={"fallback_causes": ["overloaded"]})
    made(came=False)

    reports.rebuild_daily_report(DAY)

    totals = DailyReport.objects.totals()
    assert totals["total_request_count"] == 4
    assert totals["total_failed_count"] == totals["total_aborted_count"] == totals["total_open_count"] == 1
    assert totals["total_fallback_count"] == totals["total_answered_count"] == 1


def test_a_day_that_is_rebuilt_twice_is_the_same_and_takes_in_what_came_late(made):
    made()
    reports.rebuild_daily_report(DAY)
    reports.rebuild_daily_report(DAY)
    assert DailyReport.objects.get().request_count == 1

    made()
    reports.rebuild_daily_report(DAY)

    assert DailyReport.objects.get().request_count == 2


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("Europe/Berlin", date(2026, 3, 29), 23, id="clocks go forward"),
        pytest.param("Europe/Berlin", date(2026, 10, 25), 25, id="clocks go back"),
        pytest.param("Africa/Cairo", date(2026, 4, 24), 23, id="midnight itself is skipped"),
        pytest.param("UTC", date(2026, 3, 29), 24, id="no change"),
    ],
)
def test_a_day_has_all_its_hours_and_no_others(made, settings, zone, day, hours):
    settings.REPORT_TIME_ZONE = zone
    moment = datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(days=1)
    for hour in range(72):
        made(moment + timedelta(hours=hour, minutes=30))

    for offset in (-1, 0, 1):
        reports.rebuild_daily_report(day + timedelta(days=offset))

    assert DailyReport.objects.get(day=day).request_count == hours
    assert DailyReport.objects.totals()["total_request_count"] <= 72


def test_the_first_and_the_last_moment_of_a_local_day_belong_to_it(made, settings):
    settings.REPORT_TIME_ZONE = "America/New_York"
    zone = ZoneInfo("America/New_York")
    for moment in (
        datetime(2026, 3, 9, 23, 59, 59, 999_000, tzinfo=zone),
        datetime(2026, 3, 10, tzinfo=zone),
        datetime(2026, 3, 10, 23, 59, 59, 999_000, tzinfo=zone),
        datetime(2026, 3, 11, tzinfo=zone),
    ):
        made(moment)

    reports.rebuild_daily_report(DAY)

    assert DailyReport.objects.get().request_count == 2


@pytest.mark.django_db(transaction=True)
def test_rebuilds_of_one_day_at_the_same_time_end_in_one_report(made):
    for _ in range(20):
        made()
    errors = []
    barrier = threading.Barrier(4)

    def rebuild():
        try:
            barrier.wait()
            reports.rebuild_daily_report(DAY)
        except Exception as exc:
            errors.append(exc)
        finally:
            connection.close()

    threads = [threading.Thread(target=rebuild) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    assert DailyReport.objects.get().request_count == 20


def test_a_dashboard_reads_sums_by_tier_model_team_and_day_of_the_teams_it_may_see(made):
    made(came={"cost": "0.001"})
    made(NOON + timedelta(days=1), team_id=5, team_name="search", tier="opus", came={"served_model": "opus-model"})
    for day in (DAY, DAY + timedelta(days=1)):
        reports.rebuild_daily_report(day)

    both = DailyReport.objects.between(DAY, DAY + timedelta(days=1))

    assert {row["tier"]: row["total_request_count"] for row in both.by_tier()} == {"local": 1, "opus": 1}
    assert {row["served_model"] for row in both.by_model()} == {"opus-model", "qwen2.5-coder:14b-instruct"}
    assert [row["day"] for row in both.by_day()] == [DAY, DAY + timedelta(days=1)]
    assert [row["last_team_name"] for row in both.visible_to(frozenset({5})).by_team()] == ["search"]
    assert both.visible_to(frozenset()).totals()["total_cost"] == 0
    assert both.between(DAY, DAY).totals()["total_cost"] == Decimal("0.001")
    assert both.latency(0.5, 0.95) == [pytest.approx(2.2, rel=0.2)] * 2


def test_the_command_rebuilds_every_day_of_its_range(made, capsys):
    made()
    made(NOON + timedelta(days=2))

    call_command("rebuild_reports", "--from", "2026-03-10", "--to", "2026-03-12")

    assert capsys.readouterr().out == "2026-03-10: 1 rows\n2026-03-11: 0 rows\n2026-03-12: 1 rows\n"
    assert ReportDay.objects.count() == 3


def test_the_command_refuses_a_range_that_runs_backwards(db):
    with pytest.raises(CommandError, match="is after"):
        call_command("rebuild_reports", "--from", "2026-03-12", "--to", "2026-03-10")


def test_the_tasks_rebuild_today_or_the_day_they_are_given_and_the_four_days_before(made):
    made()

    tasks.rebuild_daily_report_task(day=DAY.isoformat())
    assert DailyReport.objects.get().day == DAY
    tasks.rebuild_daily_report_task()
    tasks.rebuild_recent_reports_task()

    recent = {reports.today() - timedelta(days=days) for days in range(5)}
    assert set(ReportDay.objects.values_list("day", flat=True)) == recent | {DAY}
