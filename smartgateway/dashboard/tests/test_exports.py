import csv
from decimal import Decimal
from io import StringIO

import pytest
from django.urls import reverse

from audit.models import BypassReport, DailyReport
from smartgateway.dashboard import views
from smartgateway.dashboard.tests.rows import DAY, report

pytestmark = pytest.mark.django_db
ADDRESS = reverse("dashboard:export")


@pytest.fixture(autouse=True)
def _today(monkeypatch):
    monkeypatch.setattr(views, "today", lambda: DAY)


def as_csv(response):
    return list(csv.DictReader(StringIO(response.content.decode())))


def bypass(asked, saving, requests=3):
    numbers = {"request_count": requests, "cost": "1", "saving": saving}
    BypassReport.objects.create(day=DAY, team_id=1, requested_model=asked, tier="opus", auto_tier="sonnet", **numbers)


def test_the_rows_behind_the_figures_can_be_taken_away_as_csv(admin_client):
    report("opus", requests=4, cost="1.5", team_name="=HYPERLINK(1)", served_model="claude-opus-5-5")

    response = admin_client.get(ADDRESS, {"period": "today", "tier": "opus"})

    (row,) = as_csv(response)
    assert (row["day"], row["request_count"], Decimal(row["cost"])) == ("2026-11-23", "4", Decimal("1.5"))
    assert row["team_name"] == "'=HYPERLINK(1)"
    assert 'filename="smartgateway-2026-11-23-2026-11-23.csv"' in response.headers["Content-Disposition"]


def test_each_row_has_the_percentiles_of_its_own_answers(admin_client):
    report("local", latency_histogram=[0] * 30 + [50], overhead_histogram=[0] * 12 + [50])

    (row,) = as_csv(admin_client.get(ADDRESS))

    assert 1.0 < float(row["latency_p50_seconds"]) < float(row["latency_p99_seconds"]) < 1.3
    assert 0.0016 < float(row["overhead_p95_seconds"]) < 0.0021
    assert row["first_chunk_p50_seconds"] == ""


def test_what_is_shown_can_be_taken_away_as_json(admin_client):
    report("opus", requests=4, cost="1.5")
    report("local", requests=9)

    document = admin_client.get(ADDRESS, {"tier": "opus", "format": "json"}).json()

    assert document["filters"] == {"tier": "opus"}
    assert [row["request_count"] for row in document["rows"]] == [4]
    assert Decimal(document["rows"][0]["cost"]) == Decimal("1.5")
    assert document["figures"]["total"][0]["request_count"] == 4


@pytest.mark.parametrize(("asked", "is_told"), [({}, True), ({"tag": "nightly"}, False)], ids=["all", "by tag"])
def test_phase_and_policy_are_told_apart_where_the_reports_do(admin_client, asked, is_told):
    report("opus", phase="explicit", policy_version=4)
    report("opus", tag="nightly")

    (row,) = admin_client.get(ADDRESS, {**asked, "format": "json"}).json()["rows"]

    assert (row.get("phase"), row.get("policy_version")) == (("explicit", 4) if is_told else (None, None))


def figures(client, **asked):
    """By table, name and measure, as the CSV has them; the same in the JSON, or this fails."""
    found = as_csv(client.get(ADDRESS, {**asked, "format": "figures"}))
    whole = client.get(ADDRESS, {**asked, "format": "json"}).json()["figures"]
    assert {row["table"] for row in found} == {table for table, rows in whole.items() if rows}
    return {(row["table"], row["name"], row["measure"]): row["value"] for row in found}


def test_every_percentile_that_is_shown_is_in_the_figures(admin_client):
    report("local", latency_histogram=[0] * 30 + [50], overhead_histogram=[0] * 12 + [50])
    shown = admin_client.get(reverse("dashboard:overview")).context["figures"].timings

    found = figures(admin_client)

    for timing in shown:
        told = [found["timings", timing.title, f"p{share}_seconds"] for share in (50, 95, 99)]
        assert told == ["" if part is None else str(part) for part in (timing.p50, timing.p95, timing.p99)]


def test_what_bypassed_routing_is_in_the_figures_also_where_auto_would_cost_more(admin_client):
    report("opus", bypassed_count=6, bypassed_cost=Decimal(2), bypassed_saving=Decimal("0.25"))
    bypass("claude-opus-5-5", "0.5")
    bypass("=cmd()", "-0.25")

    found = figures(admin_client)

    assert Decimal(found["bypassed", "claude-opus-5-5", "saving_usd"]) == Decimal("0.5")
    assert Decimal(found["bypassed", "'=cmd()", "saving_usd"]) == Decimal("-0.25")
    assert Decimal(found["total", "Today", "bypassed_saving_usd"]) == Decimal("0.25")


def test_every_group_and_day_that_is_shown_is_in_the_figures_and_an_unknown_cost_is_said(admin_client):
    for number in range(10):
        report("sonnet", requests=number + 1, team_id=number, team_name=f"Team {number}", baseline="4", cost="1")
    DailyReport.objects.filter(team_id=3).update(
        cost=0, saved_requested=0, unknown_cost_count=4, unsaved_requested_count=4
    )

    found = figures(admin_client, period="week")

    assert found["teams", "Team 9", "request_count"] == "10"
    assert found["teams", "Team 3", "cost_usd"] == "unknown"
    assert Decimal(found["baselines", "As requested", "cost_usd"]) == 40
    assert found["days", "2026-11-23", "sonnet_request_count"] == "55"
    assert len({name for table, name, _ in found if table == "days"}) == 7


def test_two_of_one_name_are_told_apart_by_their_row(admin_client):
    report("local", requests=3, key_name="ci", team_name="Payments", cost="2")
    report("local", requests=5, key_name="ci", team_name="Search", cost="1")

    found = as_csv(admin_client.get(ADDRESS, {"format": "figures"}))

    keys = [(row["row"], row["measure"], row["value"]) for row in found if row["table"] == "keys"]
    assert ("1", "of", "Payments") in keys
    assert ("1", "request_count", "3") in keys
    assert ("2", "request_count", "5") in keys
