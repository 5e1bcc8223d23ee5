import re
from datetime import timedelta
from decimal import Decimal
from html import unescape
from uuid import UUID

import msgspec
import pytest
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils import timezone

from audit.ids import id_at
from audit.models import Attempt
from routing import policies
from routing.engine.features import Features
from routing.engine.signals import compute_routing_signals
from routing.models import ModelPrice, PolicyVersion
from routing.models.prices import AMOUNTS
from routing.tests.engine.given import measured, shipped, surroundings
from smartgateway.dashboard import explorer
from smartgateway.dashboard.decisions import row_of
from smartgateway.dashboard.explained import explained
from smartgateway.dashboard.tests.rows import NOW, decision, outcome
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db
ADDRESS = reverse("dashboard:decisions")


def text(response):
    return " ".join(response.content.decode().split())


@pytest.fixture
def manager(client):
    user = User.objects.create_user("ada")
    team = Team.objects.create(name="Payments", slug="payments")
    Membership.objects.create(user=user, team=team, role="manager")
    client.force_login(user)
    client.team = team
    return client


@pytest.mark.parametrize(
    "asked",
    [
        *({"team": 7}, {"key": 70}, {"phase": "explicit"}, {"status": "aborted"}),
        *({"tier": tier} for tier in ("opus", "haiku", "other")),
        *({"sign": sign} for sign in ("again", "raised", "circles", "given_up")),
        {"from": "2026-11-24"},
    ],
    ids=lambda asked: "-".join(map(str, next(iter(asked.items())))),
)
def test_decisions_are_found_by_each_filter(admin_client, asked):
    later = id_at(NOW + timedelta(days=1))
    tier = asked.get("tier", "opus").replace("other", "")
    of_all = {"is_repeated_ask": True, "is_raised": True, "repeated_tool_calls": 3, "is_stream": True}
    found = decision(id=later, key_name="wanted", team_id=7, key_id=70, tier=tier, phase="explicit", **of_all)
    outcome(found, status="aborted", error_type="client_gone")
    outcome(decision(id=id_at(NOW), key_name="unwanted"))

    page = text(admin_client.get(ADDRESS, asked))

    assert "wanted</a>" in page
    assert "unwanted" not in page


def test_pages_follow_each_other_without_a_gap_whatever_comes_meanwhile(admin_client, monkeypatch):
    monkeypatch.setattr(explorer, "PAGE", 2)
    rows = [decision(id=id_at(NOW + timedelta(seconds=number)), key_name=f"key {number}") for number in range(4)]
    first = admin_client.get(ADDRESS)
    decision(id=id_at(NOW + timedelta(minutes=1)))

    second = admin_client.get(ADDRESS, {"before": first.context["older"]})

    assert [row.id for row in first.context["rows"]] == [rows[3].pk, rows[2].pk]
    assert [row.id for row in second.context["rows"]] == [rows[1].pk, rows[0].pk]


def test_an_id_leads_to_its_decision_and_what_is_none_is_said(admin_client):
    wanted = decision()

    assert admin_client.get(ADDRESS, {"id": str(wanted.pk)}).url == reverse("dashboard:decision", args=[wanted.pk])
    assert "That is not an id" in text(admin_client.get(ADDRESS, {"id": "chatcmpl-1"}))


def test_a_manager_sees_neither_list_nor_page_of_another_team(manager):
    theirs = decision(team_id=manager.team.pk + 1, key_name="their laptop")

    assert "their laptop" not in text(manager.get(ADDRESS, {"team": theirs.team_id}))
    assert manager.get(reverse("dashboard:decision", args=[theirs.pk])).status_code == 404


@pytest.mark.parametrize("asked", [{}, {"from": "2026-11-23"}, {"to": "2026-11-23"}], ids=["all", "from", "to"])
def test_a_manager_of_several_teams_sees_the_newest_of_each(manager, asked):
    other = Team.objects.create(name="Search", slug="search")
    Membership.objects.create(user=User.objects.get(username="ada"), team=other, role="manager")
    for number, team in enumerate((manager.team.pk, other.pk, 99)):
        decision(id=id_at(NOW + timedelta(seconds=number)), team_id=team, key_name=f"key {number}")

    page = text(manager.get(ADDRESS, asked))

    assert page.index("key 1") < page.index("key 0")
    assert "key 2" not in page


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


def test_decisions_are_narrowed_to_those_of_one_version(admin_client):
    PolicyVersion.objects.create(number=1, content={}, digest="d", note="first")
    decision(policy_version=1, key_name="by the first", id=id_at(timezone.now()))
    decision(policy_version=2, key_name="by the second", id=id_at(timezone.now() + timedelta(seconds=1)))

    page = text(admin_client.get(ADDRESS, {"version": "1"}))

    assert "by the first" in page
    assert "by the second" not in page
    assert "None that fit." in text(admin_client.get(ADDRESS, {"version": "9"}))


FIRED = [["tool_loop", 1.0, 4.0, 0.88, "CLAUDE", True], ["opus_score", 0.0, 0.5, -0.5, "", False]]


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param(
            {"tier": "sonnet", "band": "CLAUDE", "reasons": FIRED},
            "This request went to Claude Sonnet, because the rules were sure: tool loop. It was answered.",
            id="rules",
        ),
        pytest.param(
            {"tier": "opus", "phase": "explicit"},
            "This request went to Claude Opus, because the client asked for it by name. It was answered.",
            id="by name",
        ),
        pytest.param(
            {"tier": "", "model": "claude-haiku-5-5", "phase": "explicit", "served": "haiku"},
            "This request went to claude-haiku-5-5, because the client asked for it by name. It was answered.",
            id="outside the ladder",
        ),
        pytest.param(
            {"tier": "local", "phase": "llm_classifier", "band": "AMBIGUOUS", "reasons": []},
            "This request went to the team's own model, because the rules alone could not tell, and the classifier "
            "judged it so. It was answered.",
            id="classifier",
        ),
    ],
)
def test_a_manager_reads_in_one_sentence_why_it_went_there(fields, sentence):
    served = fields.pop("served", None)
    made = decision(**fields)
    outcome(made, **({"served_tier": served} if served else {}))

    assert explained(made).sentence == sentence
    assert not row_of(made).is_moved


def test_what_served_instead_is_said_with_its_cause():
    made = decision(tier="sonnet", phase="explicit")
    outcome(made, served_tier="opus", fallback_causes=["overloaded"])

    assert explained(made).sentence.endswith("It was answered by Claude Opus instead (overloaded).")


def test_features_of_another_form_leave_the_page_standing():
    assert explained(decision(features=b"not packed")).features == []


def test_what_was_measured_in_the_request_is_shown():
    packed = msgspec.msgpack.encode((Features(turns=3, tool_loop=True, hits={"simple_task": (1, 2)}).pack(), ()))

    shown = explained(decision(features=packed)).features

    assert shown == [("turns", "3"), ("tool loop", "yes"), ("phrases: simple task", "2")]


@pytest.fixture
def published(monkeypatch):
    monkeypatch.setattr(policies, "published", {1: shipped()}.get)


def made_from(request, **fields):
    """A decision with what it was made from."""
    features, around = measured(request), (7, 7, 7, (16384, False, True, False), None, False)
    signals = compute_routing_signals(features, shipped(), surroundings())
    reasons = [[*reason[:4], reason.points_to or "", reason.fired] for reason in signals.reasons]
    packed = msgspec.msgpack.encode((features.pack(), around))
    return decision(features=packed, reasons=reasons, band=str(signals.band), **fields)


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


def test_every_rule_that_was_tried_is_shown_and_what_decided_comes_first(published):
    shown = explained(made_from("what is a monad"))

    assert [(rule.name, rule.state) for rule in shown.rules] == [("self contained", "decided")]
    assert len(shown.silent_rules) == 17


def test_a_rule_that_came_near_is_told_apart_from_those_that_did_not(published):
    shown = explained(made_from("Explain how to prove it"))

    assert [(rule.name, rule.state) for rule in shown.rules] == [("deep reasoning", "near")]
    assert "image" in {rule.name for rule in shown.silent_rules}


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
