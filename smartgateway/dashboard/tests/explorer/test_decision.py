"""The page of one decision."""

import re
from decimal import Decimal
from html import unescape
from uuid import UUID

import pytest
from django.urls import reverse

from audit.models import Attempt
from routing.models import ModelPrice
from routing.models.prices import AMOUNTS
from smartgateway.dashboard.tests.explorer.pages import made_from, text
from smartgateway.dashboard.tests.rows import NOW, decision, outcome

pytestmark = pytest.mark.django_db


def test_details_come_alone_where_they_are_asked_for_and_as_a_page_otherwise(admin_client):
    address = reverse("dashboard:decision", args=[decision().pk])

    assert "<html" in text(admin_client.get(address))
    assert "<html" not in text(admin_client.get(address, headers={"HX-Request": "true"}))


def test_the_page_shows_rules_attempts_costs_and_baselines(admin_client):
    made = decision(reasons=[["total_chars", 64213.0, 30000.0, 1.14, "CLAUDE", True]], candidates=[["opus", "0.5"]])
    outcome(made, cost=Decimal("0.25"), baseline_opus=Decimal("0.75"))

    page = text(admin_client.get(reverse("dashboard:decision", args=[made.pk])))

    for shown in ("64,213", "30,000", "1.14", "$0.2500", "$0.7500", "$0.5000"):
        assert shown in page


def test_an_admin_is_led_from_a_decision_to_its_rule_and_its_policy(admin_client, manager):
    made = decision(reasons=[["tool_loop", 1.0, 4.0, 0.88, "CLAUDE", True]], policy_version=1, team_id=manager.team.pk)
    links = (reverse("workbench:rule", args=["tool_loop"]), reverse("workbench:version", args=[1]))

    mine = text(admin_client.get(reverse("dashboard:decision", args=[made.pk])))
    theirs = text(manager.get(reverse("dashboard:decision", args=[made.pk])))

    assert all(link in mine for link in links)
    assert not any(link in theirs for link in links)


def test_the_page_says_what_would_have_made_it_another_tier(admin_client, published):
    made = made_from("Explain how to prove it", tier="sonnet")

    page = text(admin_client.get(reverse("dashboard:decision", args=[made.pk])))

    assert "had the threshold “heavy phrase weight” been 0.301 instead of 0.3." in page
    assert "had it not said “prove” (“deep reasoning”)" in page


def test_what_the_baselines_of_a_local_answer_rest_on_is_shown(admin_client, published):
    made = made_from("what is a monad", tier="local")
    counted = {"fresh_input_tokens": 100, "output_tokens": 200}
    outcome(made, is_baseline_estimated=True, baseline_requested_high=Decimal("0.5"), **counted)

    page = text(admin_client.get(reverse("dashboard:decision", args=[made.pk])))

    assert "130 fresh input, 0 cache read and 260 output as Claude would have counted" in page
    assert "At the high end, as requested: $0.5000." in page


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"is_repeated_ask": True}, "The same ask had been answered"),
        ({"is_raised": True}, "A higher tier by name"),
        ({"repeated_tool_calls": 4}, "The newest tool call was made 4 times"),
        ({"is_housekeeping": True, "is_human_ask": False}, "a client's housekeeping"),
        ({"is_human_ask": False, "is_agentic": True}, "a further turn, in an agent"),
        ({"end_user": "ada"}, "a person's new ask, in a chat or script for ada"),
    ],
)
def test_a_decisions_page_says_who_asked_and_what_speaks_of_trouble(admin_client, fields, words):
    page = admin_client.get(reverse("dashboard:decision", args=[decision(**fields).pk]))

    assert words in unescape(re.sub(r"<[^>]+>|·", "", text(page))).replace("  ", " ")


def test_a_stream_that_was_given_up_says_so(admin_client):
    left = outcome(decision(is_stream=True), status="aborted", error_type="client_gone")

    page = text(admin_client.get(reverse("dashboard:decision", args=[left.pk])))

    assert "The client left the stream before its end" in page


@pytest.mark.parametrize(
    ("tokens", "words"),
    [(100_000, '$0.10</td><td class="number">$0.50'), (100_001, "above 100,000 input tokens")],
    ids=["up to the limit", "above it"],
)
def test_a_decisions_page_shows_the_prices_that_it_was_charged_by(admin_client, tokens, words):
    price = ModelPrice.objects.create(
        provider_name="anthropic",
        model="claude-haiku-5-5",
        valid_from=NOW,
        **dict(
            zip(
                AMOUNTS,
                ["0.10", "0.50", "0.01", "0.125", "0.20", 100_000, "0.5", "2.5", "0.05", "0.6", "1"],
                strict=False,
            )
        ),
    )
    made = decision(tier="")
    Attempt.objects.create(
        id=UUID(int=77),
        decision=made,
        started_at=NOW,
        writer=made.writer,
        number=1,
        price_id=price.pk,
        fresh_input_tokens=tokens - 10,
        cache_read_input_tokens=10,
    )

    page = text(admin_client.get(reverse("dashboard:decision", args=[made.pk])))

    assert words in page
    assert "since 23 November 2026" in page


def test_what_was_asked_for_by_name_says_where_auto_would_have_led(admin_client, published):
    made = made_from("@opus what is a monad", tier="opus", phase="explicit")

    page = text(admin_client.get(reverse("dashboard:decision", args=[made.pk])))

    assert "Left to <code>auto</code>, it would have gone to the team&#x27;s own model:</p> <ul" in page
