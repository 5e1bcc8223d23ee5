"""Days and filters of the figures: which are shown, and what is said where there is nothing."""

import pytest
from django.urls import reverse

from smartgateway.dashboard.tests.overview.pages import ADDRESS, text
from smartgateway.dashboard.tests.rows import decision, report

pytestmark = pytest.mark.django_db


def test_a_day_without_a_report_says_what_to_do(admin_client):
    decision()

    page = text(admin_client.get(ADDRESS))

    assert "No report of this period has been built yet" in page
    assert "rebuild_reports --from 2026-11-23 --to 2026-11-23" in page


def test_before_the_first_request_it_says_how_to_send_one(admin_client):
    page = text(admin_client.get(ADDRESS))

    assert "No requests in this period" in page
    assert "http://testserver/v1/chat/completions" in page


@pytest.mark.parametrize(("asked", "shown"), [("week", "Last 7 days"), ("yesterday", "Yesterday"), ("never", "Today")])
def test_the_period_stands_in_the_address(admin_client, asked, shown):
    assert f"<h1>{shown}</h1>" in text(admin_client.get(ADDRESS, {"period": asked}))


@pytest.mark.parametrize("page", ["overview", "statement"])
def test_what_the_figures_are_narrowed_to_is_said_in_words(admin_client, page):
    made = report("opus", team_id=7, team_name="Payments", key_name="laptop")
    asked = {"period": "today", "team": 7, "key": made.key_id, "tier": "opus"}

    assert "All teams, only team Payments, key laptop, tier Opus." in text(
        admin_client.get(reverse(f"dashboard:{page}"), asked)
    )


def test_the_filters_are_cleared_and_the_days_stay(admin_client):
    report("local", team_name="Payments")

    assert '<a href="/dashboard/?period=week">Clear</a>' in text(
        admin_client.get(ADDRESS, {"period": "week", "tier": "local"})
    )


def test_days_that_are_none_are_refused(admin_client):
    assert admin_client.post(reverse("dashboard:rebuild"), {"from": "x", "to": "2026-11-23"}).status_code == 400


def test_days_can_be_chosen_one_by_one(admin_client):
    page = text(admin_client.get(ADDRESS, {"from": "2026-11-02", "to": "2026-11-05"}))

    assert "<h1>2 November to 5 November 2026</h1>" in page


@pytest.mark.parametrize("page", ["overview", "statement", "export", "decisions"])
@pytest.mark.parametrize("days", [("0001-01-01", "0001-01-02"), ("9999-12-30", "9999-12-31"), ("x", "2026-02-30")])
def test_days_that_no_record_can_have_break_no_page(admin_client, page, days):
    asked = dict(zip(("from", "to"), days, strict=True))

    assert admin_client.get(reverse(f"dashboard:{page}"), {**asked, "team": 1}).status_code == 200


def test_where_no_request_fits_the_filters_the_way_back_is_shown(admin_client):
    report("local")

    page = text(admin_client.get(ADDRESS, {"period": "week", "tag": "nightly"}))

    assert "No requests fit these filters in this period" in page
    assert '?period=week">Show all requests of this period' in page
