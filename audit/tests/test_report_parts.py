"""What reports count and sum beside requests and their cost."""

from decimal import Decimal

import pytest

from audit import reports
from audit.latency import TENTHS_OF_MILLISECONDS, percentile
from audit.models import BypassReport, DailyReport, TagReport
from audit.reports import tags
from audit.tests.days import DAY

pytestmark = pytest.mark.django_db


def test_agents_and_chats_are_apart(made):
    made(is_agentic=True, came={"cost": "0.02"})
    made(came={"cost": "0.01"})

    reports.rebuild_daily_report(DAY)

    assert dict(DailyReport.objects.values_list("is_agentic", "cost")) == {
        True: Decimal("0.02"),
        False: Decimal("0.01"),
    }


def test_what_phase_1_was_sure_of_is_counted_beside_what_it_weighed(made):
    for band in ("LOCAL", "CLAUDE", "AMBIGUOUS", ""):
        made(band=band)

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert (row.weighed_count, row.decided_count) == (3, 2)


def test_the_classifiers_calls_cache_and_failures_are_counted(made):
    made(classifier_state="miss", classifier_latency_ms=300)
    made(classifier_state="hit")
    made(classifier_state="timeout", classifier_latency_ms=700)
    made(classifier_state="error:unreadable_answer", classifier_latency_ms=500)
    made(classifier_state="skipped:no_slot")
    made(classifier_state="skipped:timeout")

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert (row.classifier_count, row.classifier_hit_count, row.classifier_failed_count) == (3, 1, 2)
    assert row.classifier_duration == pytest.approx(1.5)


def test_another_tier_that_answered_is_counted_as_moved(made):
    made(came={"served_tier": "sonnet"})
    made(tier="", phase="explicit", came={"served_tier": "haiku"})
    made()

    reports.rebuild_daily_report(DAY)

    assert sum(row.moved_count for row in DailyReport.objects.all()) == 1


def test_signs_that_an_answer_did_not_do_are_counted(made):
    made(is_repeated_ask=True)
    made(is_raised=True, repeated_tool_calls=3)
    made(is_stream=True, came={"status": "aborted", "error_type": "client_gone"})
    made(is_stream=True, came={"status": "aborted", "error_type": "gateway_stopped"})
    made(is_stream=False, came={"status": "aborted", "error_type": "client_gone"})

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert (row.repeated_ask_count, row.raised_count, row.repeated_tool_count) == (1, 1, 1)
    assert row.cancelled_stream_count == 1


def test_what_the_local_model_replaced_is_summed_apart(made):
    made(came={"served_provider": "local", "baseline_requested": "0.02", "cost": "0"})
    made(came={"served_provider": "anthropic", "baseline_requested": "0.03", "is_baseline_estimated": False})

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert (row.local_baseline, row.estimated_saved) == (Decimal("0.02"), Decimal("0.02"))


def test_the_gateways_own_time_and_the_first_chunk_have_histograms(made):
    made(came={"overhead": 0.0008, "time_to_first_chunk": 0.5})
    made(came={"overhead": 0.0008, "time_to_first_chunk": None})

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert sum(row.first_chunk_histogram) == 1
    assert percentile(row.overhead_histogram, 0.5, TENTHS_OF_MILLISECONDS) == pytest.approx(0.0008, rel=0.3)


@pytest.mark.parametrize(
    ("auto_tier", "saving"),
    [
        pytest.param("local", "0.05", id="local costs nothing by the request"),
        pytest.param("sonnet", "0.03", id="sonnet at its baseline"),
        pytest.param("opus", "-0.05", id="a dearer tier is a loss"),
    ],
)
def test_what_auto_would_have_saved_is_summed_by_the_model_that_was_asked_for(made, auto_tier, saving):
    money = {"cost": "0.05", "baseline_sonnet": "0.02", "baseline_opus": "0.10"}
    made(phase="explicit", tier="", requested_model="gpt-4o", auto_tier=auto_tier, came=money)

    reports.rebuild_daily_report(DAY)

    row = BypassReport.objects.get()
    assert (row.requested_model, row.request_count, row.saving) == ("gpt-4o", 1, Decimal(saving))
    assert DailyReport.objects.get().bypassed_saving == Decimal(saving)


def test_who_asked_by_name_for_what_auto_would_have_chosen_bypassed_nothing_worth_a_row(made):
    made(phase="explicit", tier="local", auto_tier="local")
    made(phase="heuristic", tier="local", auto_tier="")

    reports.rebuild_daily_report(DAY)

    assert not BypassReport.objects.exists()
    assert sum(DailyReport.objects.values_list("bypassed_count", flat=True)) == 1


def test_a_request_is_in_the_sums_of_each_of_its_tags(made):
    made(tags=["ci", "nightly"], came={"cost": "0.01", "duration": 1.0})
    made(tags=["ci"], came={"cost": "0.02", "duration": 9.0})
    made(tags=["ci"], phase="session", came={"cost": "0.04"})
    made()

    reports.rebuild_daily_report(DAY)

    rows = {row.tag: row for row in TagReport.objects.all()}
    assert {tag: (row.request_count, row.cost) for tag, row in rows.items()} == {
        "ci": (3, Decimal("0.07")),
        "nightly": (1, Decimal("0.01")),
    }
    assert sum(rows["ci"].latency_histogram) == 3


def test_who_sends_a_number_as_a_tag_does_not_fill_the_reports(made, monkeypatch):
    monkeypatch.setattr(tags, "MOST_COMBINATIONS", 2)
    for number in range(4):
        made(tags=[f"run {number}"])
    made(tags=["ci"])
    made(tags=["ci"])

    reports.rebuild_daily_report(DAY)

    assert TagReport.objects.count() == 2
    assert TagReport.objects.get(tag="ci").request_count == 2


def test_the_intervals_high_end_is_summed_where_there_is_one_and_is_the_low_end_elsewhere(made):
    made(came={"cost": "0.01", "baseline_requested": "0.03", "baseline_requested_high": "0.05", "cache_saved": "0.002"})
    made(came={"cost": "0.01", "baseline_requested": "0.03"})

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert (row.saved_requested, row.saved_requested_high) == (Decimal("0.04"), Decimal("0.06"))
    assert row.cache_saved == Decimal("0.002")
