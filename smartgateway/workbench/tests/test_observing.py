from decimal import Decimal

import pytest
from django.urls import reverse

from audit.models import BypassReport
from audit.reports import today
from routing import policies, prices
from routing.models import RoutingSettings
from smartgateway.dashboard.tests.rows import decision, outcome, report
from smartgateway.workbench.backtest.model import Backtest

pytestmark = pytest.mark.django_db
ADDRESS = reverse("workbench:observed")


@pytest.fixture(autouse=True)
def _published():
    prices.load_defaults()
    policies.load_defaults()
    policies.forget()
    yield
    policies.forget()


def body(answer):
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def bypass(tier="sonnet", auto_tier="local", **fields):
    values = {"team_id": 1, "team_name": "Payments", "requested_model": "", "day": today(), "request_count": 1}
    money = {"cost": Decimal("0.30"), "saving": Decimal("0.30")}
    return BypassReport.objects.create(tier=tier, auto_tier=auto_tier, **{**values, **money, **fields})


def observe():
    RoutingSettings.objects.update(mode="observe")
    policies.publish("Look first", author="ada")


def test_the_page_says_what_routing_would_have_saved_and_risked(admin_client):
    report("sonnet", day=today(), requests=5, bypassed_count=4, bypassed_cost="1.20", bypassed_saving="0.70")
    bypass(request_count=3)
    bypass("sonnet", "opus", saving=Decimal("-0.20"))

    page = body(admin_client.get(ADDRESS))

    assert "<dd>$0.70</dd>" in page
    assert "of $1.20 that these requests cost" in page
    assert "<dt>At risk</dt> <dd>3</dd>" in page
    assert "Payments" in page


def test_requests_whose_saving_is_unknown_are_counted_beside_what_is_known(admin_client):
    unknown = {"unknown_bypassed_count": 3, "bypassed_cost": "0.30", "bypassed_saving": "0.30"}
    report("sonnet", day=today(), requests=6, bypassed_count=5, **unknown)
    bypass(request_count=2, unknown_count=1)
    bypass("", "sonnet", team_name="Search", request_count=2, unknown_count=2, cost=Decimal(0), saving=Decimal(0))

    page = body(admin_client.get(ADDRESS))

    assert "that these requests cost; without 3 requests of which one or the other is unknown" in page
    assert page.count('0.30<span class="note">without 1</span>') == 2
    assert page.count('unknown<span class="note">without 2</span>') == 2


def test_it_says_whether_the_policy_observes(admin_client):
    routing = body(admin_client.get(ADDRESS))
    observe()

    observing = body(admin_client.get(ADDRESS))

    assert "The policy routes" in routing
    assert "<strong>observes</strong>" in observing


def test_what_the_rules_were_least_sure_of_comes_first(admin_client):
    for key, confidence, auto_tier in (("sure", 0.9, "local"), ("doubtful", 0.5, "local"), ("no risk", 0.1, "opus")):
        fields = {"phase": "disabled", "tier": "sonnet", "model": "claude-sonnet-5-5", "key_name": key}
        outcome(decision(confidence=confidence, auto_tier=auto_tier, **fields))

    page = body(admin_client.get(ADDRESS))

    assert page.index("doubtful") < page.index("sure<")
    assert "no risk" not in page


def test_an_answer_of_haiku_is_at_risk_where_auto_would_have_left_it_to_the_local_model(admin_client):
    BypassReport.objects.create(day=today(), team_id=1, tier="haiku", auto_tier="local", request_count=7)
    BypassReport.objects.create(day=today(), team_id=1, tier="haiku", auto_tier="opus", request_count=2)

    assert "<dt>At risk</dt> <dd>7</dd>" in body(admin_client.get(ADDRESS))


def test_a_request_that_nobody_answered_is_none_to_look_at(admin_client):
    fields = {"phase": "explicit", "tier": "", "auto_tier": "local", "confidence": 0.1}
    outcome(decision(model="totally-made-up-model", **fields), status="failed", served_model="", served_tier="")

    assert "totally-made-up-model" not in body(admin_client.get(ADDRESS))


def test_the_whole_period_is_tried_with_routing_on(admin_client):
    observe()

    page = body(
        admin_client.post(
            reverse("workbench:backtest_begin_routing"),
            {"from": today().isoformat(), "to": today().isoformat()},
            follow=True,
        )
    )

    backtest = Backtest.objects.get()
    assert (backtest.content["mode"], backtest.title) == ("local_first", "Version 2, routing")
    assert "Mode: observe" in page


def test_without_a_version_there_is_nothing_to_try(admin_client, monkeypatch):
    monkeypatch.setattr(policies, "in_force", lambda: None)

    assert admin_client.post(reverse("workbench:backtest_begin_routing")).status_code == 404
