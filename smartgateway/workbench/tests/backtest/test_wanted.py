from datetime import date, timedelta

import pytest
from django.urls import reverse

from audit.reports import today
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.backtest.wanted import RefusedError, days_in

TODAY = date(2026, 11, 24)
BEGIN, BEGIN_ROUTING = reverse("workbench:backtest_begin"), reverse("workbench:backtest_begin_routing")


@pytest.mark.parametrize(
    ("asked", "days"),
    [
        pytest.param({}, (date(2026, 10, 26), TODAY), id="nothing said"),
        pytest.param({"period": "week", "from": "", "to": ""}, (date(2026, 11, 18), TODAY), id="by name"),
        pytest.param({"from": "2026-11-24", "to": "2026-11-24"}, (TODAY, TODAY), id="one day"),
        pytest.param(
            {"period": "week", "from": "2026-11-01", "to": "2026-11-02"},
            (date(2026, 11, 1), date(2026, 11, 2)),
            id="days go before a name",
        ),
        pytest.param({"from": "2025-10-20", "to": "2026-11-24"}, (date(2025, 10, 20), TODAY), id="as many as can be"),
    ],
)
def test_the_days_are_those_that_were_asked_for(asked, days):
    assert days_in(asked, TODAY) == days


@pytest.mark.parametrize(
    ("asked", "field", "reason"),
    [
        pytest.param({"from": "2026-11-01"}, "to", "Say the last day as well", id="only the first"),
        pytest.param({"to": "2026-11-01", "period": "week"}, "from", "Say the first day as well", id="only the last"),
        pytest.param({"from": "2026-11-02", "to": "2026-11-01"}, "to", "lies before the first", id="the wrong way"),
        pytest.param({"from": "1500-01-01", "to": "2026-11-01"}, "from", "as old as that", id="long ago"),
        pytest.param({"from": "2026-11-01", "to": "9999-12-31"}, "to", "still to come: today is 2026", id="to come"),
        pytest.param(
            {"from": "2025-10-19", "to": "2026-11-24"}, "to", "These are 402 days: at most 401", id="too many"
        ),
        pytest.param({"from": "yesterday", "to": "2026-11-24"}, "from", "This is no day", id="no day"),
        pytest.param({"from": "2026-11-24", "to": "2026-11-31"}, "to", "This is no day", id="no such day"),
        pytest.param({"period": "decade"}, "period", "no such period", id="no such period"),
    ],
)
def test_days_that_cannot_be_are_refused_beside_their_field(asked, field, reason):
    with pytest.raises(RefusedError, match=reason) as refused:
        days_in(asked, TODAY)

    assert refused.value.field == field


def body(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_refused_days_begin_nothing_and_stay_in_the_form(admin_client, published):
    page = body(admin_client.post(BEGIN, {"policy": "1", "from": "2026-11-02", "to": "2026-11-01"}))

    assert not Backtest.objects.exists()
    assert 'name="from" value="2026-11-02">' in page
    assert 'name="to" value="2026-11-01" aria-invalid="true" autofocus>' in page
    assert '<span class="error" role="alert">The last day lies before the first.</span>' in page
    assert '<option value="1" selected>' in page


def test_refused_days_of_routing_lead_back_with_the_reason(admin_client, published):
    day = (today() + timedelta(days=2)).isoformat()

    page = body(admin_client.post(BEGIN_ROUTING, {"from": day, "to": day}, follow=True))

    assert "That day is still to come" in page
    assert not Backtest.objects.exists()
