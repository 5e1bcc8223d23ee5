"""Sums and savings, losses and what is unknown, as the pages show them."""

import re
from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from audit.models import DailyReport
from smartgateway.dashboard.tests.overview.pages import ADDRESS, PAGES, text
from smartgateway.dashboard.tests.rows import report

pytestmark = pytest.mark.django_db


def test_a_loss_is_shown_as_one(admin_client):
    report("opus", cost="9", baseline="3")

    page = text(admin_client.get(ADDRESS))

    assert "Spent more than as requested" in page
    assert '<dd class="loss">−$6.00</dd>' in page
    assert "200 % above the $3.00" in page


def test_a_model_of_which_no_cost_is_known_says_so_and_is_not_free(admin_client):
    report("opus", served_model="claude-new", unknown_cost_count=10, unsaved_requested_count=10)
    report("local", served_model="qwen")

    groups = {group.title: group for group in admin_client.get(ADDRESS).context["figures"].models}

    assert (groups["claude-new"].known_cost, groups["claude-new"].known_saved) == (None, None)
    assert groups["qwen"].known_cost == 0


def test_unknown_costs_are_loud(admin_client):
    report("opus", cost="9", unknown_cost_count=3)

    assert "3 requests without a known cost" in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize("page", ["overview", "statement"])
def test_beside_each_sum_stands_how_many_requests_it_leaves_out(admin_client, page):
    report("opus", cost="1", baseline="4", requests=99, unknown_opus_count=5, unsaved_opus_count=7)
    DailyReport.objects.update(unknown_local_count=6, unsaved_requested_count=2, unknown_baseline_count=1)

    shown = text(admin_client.get(reverse(f"dashboard:{page}"), {"period": "today"}))

    opus = shown[shown.index("All Opus") : shown.index("Keyword mode")]
    assert opus.index("without 5</span>") < opus.index("without 7</span>")
    assert "without 6 of which that is unknown" in shown
    assert "without 1</span>" in shown
    assert "without 2</span>" in shown


def test_a_model_that_is_free_is_not_unknown_because_of_one_request(admin_client):
    report("local", served_model="qwen", requests=10, unknown_cost_count=1)

    page = text(admin_client.get(ADDRESS))

    assert '$0.00 <span class="quiet wide">0 %</span><span class="note">without 1</span>' in page


def test_what_a_client_sent_is_text_and_nothing_else(admin_client):
    report("", served_model="<script>alert(1)</script>")

    assert "<script>alert" not in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize("name", PAGES)
def test_figures_come_from_reports_alone_in_few_queries(admin_client, name):
    for _ in range(25):
        report("local")
        report("opus", tag="ci")

    with CaptureQueriesContext(connection) as queries:
        admin_client.get(reverse(f"dashboard:{name}"), {"period": "week", "tag": "ci"})

    asked = " ".join(query["sql"] for query in queries)
    assert not re.search("audit_(routingdecision|attempt|outcome|refusal)", asked)
    assert len(queries) < 24


def test_a_sign_of_trouble_leads_to_its_decisions(admin_client):
    report("local", repeated_ask_count=3)

    assert 'decisions/?sign=again&amp;from=2026-11-23&amp;to=2026-11-23">3</a>' in text(admin_client.get(ADDRESS))


def test_a_statement_says_what_was_spent_and_saved_in_last_month(admin_client):
    report("sonnet", requests=7, cost="1.50", baseline="4", day=date(2026, 10, 9))

    page = text(admin_client.get(reverse("dashboard:statement")))

    assert "Statement, October 2026" in page
    assert "$2.50" in page


def test_savings_are_shown_with_their_interval(admin_client):
    report("local", baseline="4", saved_requested_high=Decimal("6"))

    page = text(admin_client.get(ADDRESS))

    assert "The low end: it may be up to $6.00" in page
    assert "to $6.00</span>" in page


@pytest.mark.parametrize(
    ("cost", "high", "words"),
    [
        ("5.2", "3.4", "between $1.20 lost and $3.40 saved"),
        ("5.2", "-0.5", "At best it is $0.50 more."),
        ("5.2", "-1.2", "30 % above the $4.00 that it would have cost. After"),
    ],
    ids=["from a loss to a gain", "a loss at both ends", "a loss without an interval"],
)
def test_a_loss_reads_well_with_every_interval(admin_client, cost, high, words):
    report("local", baseline="4", cost=cost)
    DailyReport.objects.update(saved_requested_high=Decimal(high))

    assert words in text(admin_client.get(ADDRESS))


@pytest.mark.parametrize(("a_month", "shown"), [(0.0, "is not said"), (304.375, "costs $10.00 in these days")])
def test_what_the_local_machine_costs_stands_beside_what_its_answers_replaced(admin_client, settings, a_month, shown):
    settings.LOCAL_MONTHLY_COST = a_month
    report("local", local_baseline=Decimal("3.25"))

    page = text(admin_client.get(ADDRESS))

    assert "$3.25" in page
    assert shown in page


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, ("1 time ·", "1 answer from its cache", "1 time the same", "1 time a higher", "1 turn with", "its end")),
        (
            2,
            (
                "2 times ·",
                "2 answers from its cache",
                "2 times the same",
                "2 times a higher",
                "2 turns with",
                "their end",
            ),
        ),
    ],
    ids=["one", "many"],
)
def test_one_is_told_as_one(admin_client, number, words):
    names = ("classifier", "classifier_hit", "repeated_ask", "raised", "repeated_tool", "cancelled_stream")
    names += ("human_ask", "housekeeping", "fallback", "bypassed", "weighed")
    report("local", requests=number, **{f"{name}_count": number for name in names})

    page = " ".join(re.sub("<[^>]+>", " ", text(admin_client.get(ADDRESS))).split())

    ending = "" if number == 1 else "s"
    more = (f"{number} new ask{ending} of people", f"{number} request{ending} that they weighed")
    more += (f"{number} request{ending} that the chosen", f"Past routing in all {number} request{ending} for")
    for each in (*words, *more):
        assert each in page, each
