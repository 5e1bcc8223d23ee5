import re
from uuid import UUID

import pytest
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from audit.models import Removal, RoutingDecision, Writer
from audit.tests.doubles import decision, outcome

pytestmark = pytest.mark.django_db
LIST = "admin:audit_routingdecision_changelist"


@pytest.fixture
def operator(client):
    client.force_login(get_user_model().objects.create_superuser("operator", "operator@example.org", "secret"))
    return client


@pytest.fixture
def record(processes, ship):
    local = decision()
    opus = decision(
        tier="opus",
        model="claude-opus-5-5",
        phase="explicit",
        end_user="ada",
        team_name="search",
        requested_model="opus",
    )
    failed = outcome(opus, status="failed", error_type="overloaded", cost=None, fallback_causes=["breaker_open"])
    processes().record(local, opus, outcome(local), failed)
    ship()
    return local, opus


def decision_page(record):
    return reverse("admin:audit_routingdecision_change", args=[UUID(bytes=record.id)])


def shown(response):
    return [row.tier for row in response.context["cl"].result_list]


def test_a_decision_leads_to_its_explanation_and_to_its_version(operator, record):
    local, _ = record

    page = operator.get(decision_page(local)).content.decode()

    assert f'href="{reverse("dashboard:decision", args=[UUID(bytes=local.id)])}"' in page
    assert f'href="{reverse("workbench:version", args=[local.policy_version])}"' in page


def test_the_list_shows_the_newest_first_without_counting_the_table(operator, record):
    with CaptureQueriesContext(connection) as queries:
        response = operator.get(reverse(LIST))

    assert shown(response) == ["opus", "local"]
    assert "simple form, short message" in response.content.decode()
    asked = [query["sql"] for query in queries if "audit_routingdecision" in query["sql"]]
    assert len(asked) == 1
    assert "COUNT(" not in asked[0].upper()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"tier": "local"}, ["local"]),
        ({"phase": "explicit"}, ["opus"]),
        ({"outcome": "failed"}, ["opus"]),
        ({"tier": "sonnet"}, []),
        ({"q": "ada"}, ["opus"]),
        ({"q": "nobody"}, []),
        ({"q": " "}, ["opus", "local"]),
    ],
)
def test_the_list_is_filtered_and_searched(operator, record, query, expected):
    assert shown(operator.get(reverse(LIST), query)) == expected


def test_a_decision_is_found_by_its_id(operator, record):
    assert shown(operator.get(reverse(LIST), {"q": str(UUID(bytes=record[0].id))})) == ["local"]


def test_a_decision_shows_its_rules_attempts_and_outcome(operator, record):
    page = operator.get(decision_page(record[0])).content.decode()

    for text in ("2,952", "3,000", "tools declared", "900 in, 210 out", "0.02925\xa0USD", "answered (200)"):
        assert text in page


def test_a_decision_says_in_a_sentence_what_went_wrong_and_that_its_cost_is_unknown(operator, record):
    page = operator.get(decision_page(record[1])).content.decode()

    assert "opus was chosen (explicit)" in page
    assert "ended as failed after a fallback (breaker_open)" in page
    assert "unknown" in page


def test_a_decision_that_has_not_ended_is_shown_as_such(operator, processes, ship):
    made = decision()
    processes().record(made)
    ship()

    assert "It has not ended yet." in operator.get(decision_page(made)).content.decode()
    assert "open" in operator.get(reverse(LIST)).content.decode()


@pytest.mark.parametrize("model", [model for model in admin.site._registry if model._meta.app_label == "audit"])
def test_every_list_of_the_record_opens_and_nothing_of_it_can_be_changed(operator, record, rf, model):
    name = f"admin:audit_{model._meta.model_name}"
    request = rf.get("/")
    request.user = get_user_model().objects.get()

    assert operator.get(reverse(f"{name}_changelist")).status_code == 200
    assert operator.get(reverse(f"{name}_add")).status_code == 403
    assert admin.site._registry[model].get_model_perms(request) == {
        "add": False,
        "change": False,
        "delete": False,
        "view": True,
    }


def test_a_decision_cannot_be_deleted_by_its_address(operator, record):
    operator.post(reverse("admin:audit_routingdecision_delete", args=[UUID(bytes=record[0].id)]), {"post": "yes"})

    assert RoutingDecision.objects.count() == 2


def test_tombstones_say_whose_records_were_removed_and_how_many(operator, record):
    Removal.objects.create(writer=Writer.objects.get(), first=3, last=9, removed_at=timezone.now())

    page = operator.get(reverse("admin:audit_removal_changelist")).content.decode()

    assert str(Writer.objects.get()) in page
    assert re.search(r"field-records[^>]*>\s*7\s*<", page)
