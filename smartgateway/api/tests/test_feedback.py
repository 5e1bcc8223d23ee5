import json
from uuid import UUID

import pytest
from django.db import OperationalError

from audit.models import Feedback, RoutingDecision
from audit.shipper.batch import Batch
from audit.tests import doubles
from smartgateway.api import base, feedback
from smartgateway.api.feedback import Said, keep, parsed
from smartgateway.completions import admission
from smartgateway.completions.errors import BadRequestError, GatewayError
from smartgateway.keys.limits import RateLimit
from smartgateway.keys.snapshots import KeySnapshot

KEY = KeySnapshot(id=1, name="laptop", prefix="sk-sg-test", team_id=1, team_name="Payments")
OTHERS = KeySnapshot(id=2, name="ci", prefix="sk-sg-test", team_id=1, team_name="Payments")
STRANGER = KeySnapshot(id=3, name="theirs", prefix="sk-sg-test", team_id=2, team_name="Mobile")
ID = "01a20870-80e4-755f-abe2-22d32eb5a900"


@pytest.mark.parametrize("verdict", ["too_weak", "too weak", " Too_Weak "])
def test_a_verdict_is_understood_as_people_write_it(verdict):
    assert parsed({"decision_id": ID, "verdict": verdict}) == Said(UUID(ID), "too_weak", "")


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ([], None),
        ({"verdict": "good"}, "decision_id"),
        ({"decision_id": 7, "verdict": "good"}, "decision_id"),
        ({"decision_id": "chatcmpl-1", "verdict": "good"}, "decision_id"),
        ({"decision_id": ID}, "verdict"),
        ({"decision_id": ID, "verdict": "superb"}, "verdict"),
        ({"decision_id": ID, "verdict": ["good"]}, "verdict"),
        ({"decision_id": ID, "verdict": "good", "comment": 1}, "comment"),
        ({"decision_id": ID, "verdict": "good", "comment": "x" * 501}, "comment"),
        ({"decision_id": ID, "verdict": "good", "prompt": "x"}, "prompt"),
    ],
)
def test_what_cannot_be_read_is_refused_by_name(body, param):
    with pytest.raises(BadRequestError) as caught:
        parsed(body)

    assert caught.value.param == param


def decision(**changes):
    record = doubles.decision(**{"team_id": 1, "key_id": 1, **changes})
    batch = Batch()
    batch.add(1, 1, record)
    batch.save()
    return RoutingDecision.objects.get(pk=UUID(bytes=record.id))


def said(of, verdict="good", comment=""):
    return Said(of.pk, verdict, comment)


@pytest.mark.django_db
def test_the_newest_word_of_a_key_counts_and_others_keep_theirs():
    made = decision()
    keep(KEY, said(made, "bad", "lost the thread"))
    keep(OTHERS, said(made, "good"))

    _, is_first = keep(KEY, said(made, "too_weak"))

    assert not is_first
    found = Feedback.objects.for_decisions([made.pk]).order_by("key_id").values_list("giver", "verdict", "comment")
    assert list(found) == [("laptop", "too_weak", ""), ("ci", "good", "")]


@pytest.mark.django_db
@pytest.mark.parametrize("of", [{"team_id": 1}, {"key_id": 3, "team_id": 9}], ids=["another team", "its own key"])
def test_a_key_speaks_of_its_own_decisions_and_its_teams_alone(of):
    made = decision(**of)

    if of["team_id"] == 9:
        assert keep(STRANGER, said(made))[0].team_id == 9
    else:
        with pytest.raises(GatewayError) as caught:
            keep(STRANGER, said(made))
        assert (caught.value.status, caught.value.code) == (404, "decision_not_found")


@pytest.mark.django_db
def test_keys_and_what_no_page_could_show_are_taken_out_of_comments():
    given, _ = keep(KEY, said(decision(), comment=" my\x00 key sk-ant-api03-abcdefghijklmnop\nwas refused "))

    assert given.comment == "my key [removed]\nwas refused"


@pytest.fixture
def client(async_client, monkeypatch):
    async def authenticate(request):
        return KEY

    async def admit(key):
        return RateLimit(limit=600, remaining=599, reset_seconds=60)

    monkeypatch.setattr(base, "authenticate", authenticate)
    monkeypatch.setattr(admission.limits, "admit", admit)
    return async_client


async def posted(client):
    return await client.post("/v1/feedback", {"decision_id": ID, "verdict": "good"}, content_type="application/json")


async def test_a_database_that_is_away_is_said_so(client, monkeypatch):
    def away(key, said):
        raise OperationalError("no route to host db-7.internal")

    monkeypatch.setattr(feedback, "keep", away)

    response = await posted(client)

    assert response.status_code == 503
    assert json.loads(response.content)["error"]["code"] == "database_unavailable"
    assert b"db-7" not in response.content


@pytest.mark.django_db(transaction=True)
async def test_a_decision_that_is_not_there_is_a_404(client):
    response = await posted(client)

    assert response.status_code == 404
    assert json.loads(response.content)["error"]["param"] == "decision_id"
