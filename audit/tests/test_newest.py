"""Pages of decisions that are alike: in the order of an index, on both databases."""

from datetime import timedelta

import pytest
from django.db import connection

from audit.ids import id_at
from audit.models import RoutingDecision
from audit.models.indexes import STRETCH_DIGITS
from audit.tests.days import NOON

pytestmark = pytest.mark.django_db
STRETCH = timedelta(milliseconds=16 ** (12 - STRETCH_DIGITS))


@pytest.fixture
def over_days(made):
    """Eight of each of two teams by turns, some within one stretch of time and some hours apart."""
    moments = [NOON + STRETCH * number / 3 for number in range(8)] + [NOON + STRETCH * 40 * n for n in range(1, 9)]
    for number, moment in enumerate(moments):
        made(moment, team_id=1 + number % 2, came=False)


def pages(team_id, size, **bounds):
    """Read to the end, page by page."""
    rows, before, read = RoutingDecision.objects.filter(team_id=team_id), bounds.pop("before", None), []
    while page := list(rows.newest_alike(before=before, limit=size, **bounds)):
        read += page
        before = page[-1].pk
    return [row.pk for row in read]


@pytest.mark.parametrize("size", [1, 3, 50])
def test_pages_hold_every_one_once_and_the_newest_first(over_days, size):
    everyone = sorted(RoutingDecision.objects.filter(team_id=2).values_list("pk", flat=True), reverse=True)

    assert pages(2, size) == everyone
    assert len(everyone) == 8


def test_bounds_of_time_are_narrowed_to_by_who_asks_and_never_cut_off_more(over_days):
    first, before = id_at(NOON + STRETCH / 2), id_at(NOON + STRETCH * 81)
    within = RoutingDecision.objects.filter(team_id=1, id__gte=first, id__lt=before)

    found = within.newest_alike(first=first, before=before)

    assert [row.pk for row in found] == sorted(within.values_list("pk", flat=True), reverse=True)


@pytest.mark.parametrize("size", [1, 3, 50])
def test_pages_of_several_teams_hold_those_of_each_and_no_others(over_days, made, size):
    made(NOON + STRETCH * 400, team_id=3, came=False)
    read, before = [], None

    while page := list(RoutingDecision.objects.newest_of({1, 2, 4}, before=before, limit=size)):
        read += [row.pk for row in page]
        before = read[-1]

    assert read == sorted(RoutingDecision.objects.exclude(team_id=3).values_list("pk", flat=True), reverse=True)
    assert len(read) == 16


@pytest.mark.parametrize("column", ["key_id", "team_id", "tier", "phase"])
def test_an_index_gives_the_order(over_days, column):
    alike = RoutingDecision.objects.filter(**{column: 1}).newest_alike(before=id_at(NOON), limit=50)

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off"
            )
        plan = alike.explain()

    assert f"audit_decision_of_{column.removesuffix('_id')}" in plan
    assert "TEMP B-TREE" not in plan
    assert "Presorted Key" in plan or connection.vendor == "sqlite"
