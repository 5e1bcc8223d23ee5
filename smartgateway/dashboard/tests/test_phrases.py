"""The phrases of a request on the pages of its decision, by the texts that its policy version had."""

import msgspec
import pytest
from django.urls import reverse

from routing import policies
from routing.engine.features import measure
from routing.engine.signals import compute_routing_signals
from routing.tests.engine.given import request as asked
from routing.tests.engine.given import surroundings, with_phrases
from smartgateway.dashboard.explained import explained
from smartgateway.dashboard.tests.rows import decision, outcome

pytestmark = pytest.mark.django_db
AROUND = (7, 7, 7, (16384, False, True, False), None, False)
POLICY = with_phrases("simple_task", "reconcile the ledger")


@pytest.fixture
def published(monkeypatch):
    monkeypatch.setattr(policies, "published", {2: POLICY}.get)


def made_from(said, version=2):
    features = measure(asked(said), POLICY)
    signals = compute_routing_signals(features, POLICY, surroundings())
    reasons = [[*reason[:4], reason.points_to or "", reason.fired] for reason in signals.reasons]
    packed = msgspec.msgpack.encode((features.pack(), AROUND))
    return decision(features=packed, reasons=reasons, band=str(signals.band), policy_version=version)


def text(response):
    assert response.status_code == 200
    return " ".join(response.content.decode().split())


def shown(client, of):
    return text(client.get(reverse("dashboard:decision", args=[of.pk])))


def test_the_sentence_names_the_phrase_that_made_the_rule_fire(published):
    made = outcome(made_from("Reconcile the ledger of last week")).decision

    assert explained(made).sentence == (
        "This request went to the team's own model, because the rules were sure: "
        "simple task (“reconcile the ledger”). It was answered."
    )


def test_a_decisions_page_names_the_phrases_that_count_and_the_others(admin_client, published):
    page = shown(admin_client, made_from("Reconcile the ledger, then a security audit"))

    assert '<th scope="row">simple task</th><td>“reconcile the ledger”</td><td class="quiet">–</td>' in page
    assert '<th scope="row">deep reasoning</th><td>“security audit”</td><td class="quiet">“audit”</td>' in page
    assert "phrases: simple task" not in page


def test_tags_and_what_introduced_material_stand_on_the_page(admin_client, published):
    page = shown(admin_client, made_from("<system-reminder>x</system-reminder>Explain: a b c"))

    assert "What followed “explain” and a colon was read as material." in page
    assert "<code>&lt;system-reminder&gt;</code>" in page


def test_a_request_without_phrases_says_so(admin_client, published):
    assert "None of its policy's lists." in shown(admin_client, made_from("zzz"))


def test_where_the_policy_version_cannot_be_read_phrases_are_counted(admin_client, published):
    page = shown(admin_client, made_from("Reconcile the ledger", version=9))

    assert "Policy version 9 cannot be read" in page
    assert "<dt>phrases: simple task</dt><dd>1</dd>" in page
    assert "“reconcile the ledger”" not in page


def test_where_nothing_was_stored_nothing_is_said_of_phrases(admin_client, published):
    assert "Phrases that were found" not in shown(admin_client, decision(features=b"not packed", policy_version=2))


def test_the_list_of_decisions_names_the_phrase_that_decided(admin_client, published):
    made_from("Reconcile the ledger of last week")
    made_from("Reconcile the ledger", version=9)

    page = text(admin_client.get(reverse("dashboard:decisions")))

    assert "Rules: simple task, “reconcile the ledger” (asks 1, threshold 2)" in page
    assert "Rules: simple task (asks 1, threshold 2)" in page


def test_each_policy_version_of_a_list_is_looked_up_once(admin_client, monkeypatch):
    asked_for = []
    monkeypatch.setattr(policies, "published", lambda number: asked_for.append(number) or POLICY)
    for _ in range(3):
        made_from("Reconcile the ledger")

    admin_client.get(reverse("dashboard:decisions"))

    assert asked_for == [2]
