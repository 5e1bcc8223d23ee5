"""What is unknown is in no sum, and counted."""

import pytest

from audit import reports
from audit.models import BypassReport, DailyReport
from audit.tests.days import DAY

pytestmark = pytest.mark.django_db

NONE_KNOWN = {"baseline_requested": None, "baseline_sonnet": None, "baseline_opus": None, "baseline_keyword": None}
ALL_KNOWN = dict.fromkeys(NONE_KNOWN, "0.02")


@pytest.mark.parametrize(
    ("fields", "unknown", "unsaved"),
    [
        pytest.param({"came": ALL_KNOWN}, {}, {}, id="all is known"),
        pytest.param({"came": NONE_KNOWN}, {"all"}, {"all"}, id="no baseline has a price"),
        pytest.param({"came": ALL_KNOWN | {"baseline_opus": None}}, {"opus"}, {"opus"}, id="Opus has none"),
        pytest.param({"came": ALL_KNOWN | {"cost": None}}, {}, {"all"}, id="what answered has none"),
        pytest.param(
            {"came": ALL_KNOWN | {"classifier_cost": None}, "classifier_input_tokens": 9}, {}, {"all"}, id="classifier"
        ),
        pytest.param({"came": ALL_KNOWN | {"classifier_cost": None}}, {}, {}, id="the classifier was not asked"),
        pytest.param(
            {"came": NONE_KNOWN | {"status": "refused", "cost": "0", "output_tokens": 0}}, {}, {}, id="refused"
        ),
        pytest.param({"came": NONE_KNOWN | {"status": "aborted", "cost": None}}, {"all"}, {"all"}, id="left at a cost"),
        pytest.param({"came": NONE_KNOWN | {"status": "aborted", "cost": "0.01"}}, {"all"}, {"all"}, id="left in part"),
        pytest.param(
            {"came": NONE_KNOWN | {"status": "aborted", "cost": "0", "output_tokens": 0}}, {}, {}, id="left at once"
        ),
    ],
)
def test_what_is_in_no_sum_is_counted_for_each_baseline_and_saving(made, fields, unknown, unsaved):
    made(**fields)

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    names = ("requested", "sonnet", "opus", "keyword")
    counts = (row.unknown_baseline_count, row.unknown_sonnet_count, row.unknown_opus_count, row.unknown_keyword_count)
    assert counts == tuple(int("all" in unknown or name in unknown) for name in names)
    counts = tuple(getattr(row, f"unsaved_{name}_count") for name in names)
    assert counts == tuple(int("all" in unsaved or name in unsaved) for name in names)


def test_unknown_costs_of_classifier_and_of_what_was_answered_locally_are_counted(made):
    made(came=NONE_KNOWN | {"served_provider": "local", "classifier_cost": None}, classifier_output_tokens=3)
    made(came=ALL_KNOWN | {"served_provider": "local"})

    reports.rebuild_daily_report(DAY)

    row = DailyReport.objects.get()
    assert (row.unknown_classifier_count, row.unknown_local_count) == (1, 1)


@pytest.mark.parametrize(
    ("auto_tier", "came", "unknown"),
    [
        ("local", ALL_KNOWN, 0),
        ("local", ALL_KNOWN | {"cost": None}, 1),
        ("sonnet", ALL_KNOWN | {"baseline_sonnet": None}, 1),
        ("sonnet", ALL_KNOWN | {"baseline_opus": None}, 0),
        ("opus", ALL_KNOWN | {"baseline_opus": None}, 1),
    ],
)
def test_what_went_past_routing_at_unknown_costs_is_counted(made, auto_tier, came, unknown):
    made(phase="explicit", tier="", auto_tier=auto_tier, came=came)

    reports.rebuild_daily_report(DAY)

    assert DailyReport.objects.get().unknown_bypassed_count == BypassReport.objects.get().unknown_count == unknown
