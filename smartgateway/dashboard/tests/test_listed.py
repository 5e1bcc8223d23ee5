import csv
import json
from datetime import timedelta
from decimal import Decimal
from io import StringIO

import msgspec
import pytest
from asgiref.sync import sync_to_async
from django.contrib.auth.models import User
from django.db import connections
from django.urls import reverse

from audit.ids import id_at
from routing import policies
from routing.tests.engine.given import measured, shipped
from smartgateway.dashboard import listed
from smartgateway.dashboard.tests.rows import NOW, decision, outcome
from smartgateway.keys.models import Membership, Team

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = reverse("dashboard:export_decisions")
AROUND = (7, 7, 7, (16384, False, True, False), None, False)


@pytest.fixture(autouse=True)
async def _thread_without_connection(db):
    """The thread that reads for coroutines keeps its connection otherwise, and the database cannot be dropped."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def admin(async_client, admin_user):
    async_client.force_login(admin_user)
    return async_client


@pytest.fixture
def five(db):
    """Newest last, each with its outcome."""
    rows = [decision(id=id_at(NOW + timedelta(seconds=number)), key_name=f"key {number}") for number in range(5)]
    for row in rows:
        outcome(row, cost=Decimal("0.25"))
    return rows


async def text(client, **asked):
    response = await client.get(ADDRESS, asked)
    assert response.status_code == 200
    return b"".join([part async for part in response.streaming_content]).decode()


async def rows(client, **asked):
    return list(csv.DictReader(StringIO(await text(client, **asked))))


async def test_all_decisions_come_newest_first_though_they_are_read_block_by_block(admin, five, monkeypatch):
    monkeypatch.setattr(listed, "BLOCK", 2)

    found = await rows(admin)

    assert [row["id"] for row in found] == [str(row.pk) for row in reversed(five)]
    assert {Decimal(row["cost_usd"]) for row in found} == {Decimal("0.25")}


async def test_json_says_the_same_with_its_filters(admin, five):
    document = json.loads(await text(admin, tier="local", format="json"))

    assert document["filters"] == {"tier": "local"}
    assert [row["key"] for row in document["decisions"]] == [f"key {number}" for number in (4, 3, 2, 1, 0)]
    assert document["more_before"] is None


@pytest.mark.parametrize("asked", [{"tier": "opus"}, {"status": "failed"}, {"from": "2026-11-24"}], ids=str)
async def test_the_lists_filters_hold(admin, five, asked):
    later = await sync_to_async(decision)(id=id_at(NOW + timedelta(days=1)), tier="opus")
    await sync_to_async(outcome)(later, status="failed")

    found = await rows(admin, **asked)

    assert [row["id"] for row in found] == [str(later.pk)]


async def test_where_there_are_more_than_are_given_it_says_so_and_where_they_begin(admin, five, monkeypatch):
    monkeypatch.setattr(listed, "MOST", 3)
    monkeypatch.setattr(listed, "BLOCK", 2)

    document = json.loads(await text(admin, format="json"))
    rest = await rows(admin, before=document["more_before"])
    cut = await rows(admin)

    assert [row["key"] for row in document["decisions"]] == ["key 4", "key 3", "key 2"]
    assert [row["key"] for row in rest] == ["key 1", "key 0"]
    assert cut[-1]["id"] == f"There are more: ask again with before={five[2].pk}"


async def test_exactly_as_many_as_are_given_are_not_said_to_be_cut(admin, five, monkeypatch):
    monkeypatch.setattr(listed, "MOST", 5)

    assert len(await rows(admin)) == 5


async def test_a_name_is_never_a_formula_and_an_unknown_cost_is_not_nothing(admin, db):
    made = await sync_to_async(decision)(key_name="=HYPERLINK(1)", requested_model="@SUM(A1)")
    await sync_to_async(outcome)(made, cost=None)
    await sync_to_async(decision)(key_name="in progress")

    found = {row["key"]: row for row in await rows(admin)}

    assert found["'=HYPERLINK(1)"]["asked"] == "'@SUM(A1)"
    assert found["'=HYPERLINK(1)"]["cost_usd"] == "unknown"
    assert (found["in progress"]["status"], found["in progress"]["cost_usd"]) == ("", "")


@pytest.mark.parametrize(("asked_tokens", "told"), [(0, "0"), (9, "unknown")])
async def test_a_classifier_that_was_never_asked_cost_nothing_whatever_became_of_the_request(
    admin, db, asked_tokens, told
):
    row = await sync_to_async(decision)(classifier_input_tokens=asked_tokens)
    await sync_to_async(outcome)(row, status="interrupted", cost=None, classifier_cost=None)

    [found] = await rows(admin)

    assert found["classifier_cost_usd"] == told


async def test_a_manager_takes_away_the_own_team_alone_and_a_developer_nothing(async_client, five):
    def person(name, role):
        user, team = User.objects.create_user(name), Team.objects.get_or_create(name="Search", slug="search")[0]
        Membership.objects.create(user=user, team=team, role=role)
        return user, decision(team_id=team.pk + 1000), decision(team_id=team.pk)

    manager, theirs, own = await sync_to_async(person)("ada", "manager")
    developer, *_ = await sync_to_async(person)("ben", "developer")

    await async_client.aforce_login(manager)
    found = [row["id"] for row in await rows(async_client, team="")]
    asked_for = await rows(async_client, team=theirs.team_id)
    await async_client.aforce_login(developer)
    refused = await async_client.get(ADDRESS)

    assert str(own.pk) in found
    assert str(theirs.pk) not in found
    assert asked_for == []
    assert refused.status_code == 403


async def test_the_list_leads_to_its_file_with_its_filters(admin, five):
    page = (await admin.get(reverse("dashboard:decisions"), {"tier": "local", "from": "2026-11-01"})).content.decode()

    assert f'href="{ADDRESS}?tier=local&amp;from=2026-11-01&amp;format=csv"' in page


async def test_what_decided_is_named_in_a_file_as_it_is_on_the_page(admin, monkeypatch):
    def made():
        features = msgspec.msgpack.encode((measured("what is a monad").pack(), AROUND))
        reason = ["self_contained", "ask_chars 15", "240", 0.9, "LOCAL", True]
        decision(features=features, reasons=[reason], band="LOCAL")

    monkeypatch.setattr(policies, "published", {1: shipped()}.get)
    await sync_to_async(made)()

    [row] = await rows(admin)

    assert row["why"] == "Rules: self contained, “what is a” (ask chars 15, threshold 240)"
