from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from audit import feedback
from audit.reports import today
from routing.tests.engine.given import shipped
from smartgateway.workbench.evidence import dearest, reading, summing, tally
from smartgateway.workbench.evidence.model import EvidenceDay
from smartgateway.workbench.evidence.month import month
from smartgateway.workbench.evidence.summing import KEPT_DAYS, summarise, summarise_missing

pytestmark = pytest.mark.django_db
SIMPLE, DOUBTFUL = "what is a monad", "our importer is slow"
ADA = feedback.Giver("ada", user_id=1)


def summed():
    summarise(today())
    return month(shipped())


def row_of(rows, name):
    return next(row for row in rows if row.name == name)


def test_each_rule_says_how_often_it_fired_and_where_that_led(asked):
    for _ in range(3):
        asked(SIMPLE)
    asked(SIMPLE, tier="opus")

    row = row_of(summed().rules, "self_contained")

    assert (row.fired, row.share, row.tiers) == (4, 100.0, [("local", 3), ("opus", 1)])


def test_what_happened_afterwards_stands_beside_the_rule_and_the_phrase(asked):
    made = asked(SIMPLE)
    asked(SIMPLE, ended={"status": "aborted", "http_status": 499})
    asked(SIMPLE, ended={"served_tier": "sonnet"})
    feedback.give(made, "too_weak", "", ADA)

    found = summed()

    expected = [("too_weak", 1), ("cancelled", 1), ("moved", 1)]
    assert row_of(found.rules, "self_contained").afterwards == expected
    assert row_of(found.phrases, "what is a").afterwards == expected


def test_an_ask_that_comes_again_counts_against_the_answer_before_it(asked):
    asked(SIMPLE, ask_digest=b"same")
    asked(DOUBTFUL, ask_digest=b"same", is_repeated_ask=True)

    assert row_of(summed().rules, "self_contained").afterwards == [("asked_again", 1)]


def test_a_tier_raised_by_hand_counts_against_what_auto_had_chosen(asked):
    asked(SIMPLE, session_id="talk")
    asked(DOUBTFUL, session_id="talk", phase="explicit", tier="opus", is_raised=True)

    assert row_of(summed().rules, "self_contained").afterwards == [("raised", 1)]


def test_requests_by_name_are_counted_but_no_evidence_of_the_rules(asked):
    asked(SIMPLE, phase="explicit")

    found = summed()

    assert (found.requests, found.automatic, found.rules) == (1, 0, [])


def test_rules_and_phrases_that_never_did_anything_are_named(asked):
    asked(SIMPLE)

    found = summed()

    assert "compaction" in found.silent_rules
    assert "self_contained" not in found.silent_rules
    silent = dict(found.silent_phrases)["self_contained"]
    assert "what is a" not in silent
    assert "git command" in silent


def test_ambiguous_requests_are_grouped_by_what_made_them_so(asked):
    asked(DOUBTFUL, ended={"cost": Decimal("0.25")})
    asked("our exporter is slow", phase="llm_classifier", tier="opus", ended={"cost": Decimal("0.5")})
    asked("prove it")

    found = summed()

    groups = {row.name: (row.fired, row.judged, row.cost) for row in found.doubts}
    assert groups == {
        "no rule spoke": (2, 1, Decimal("0.75")),
        "no rule spoke, near: deep_reasoning": (1, 0, Decimal(0)),
    }


def test_a_day_of_an_older_release_is_made_anew(asked):
    yesterday = today() - timedelta(days=1)
    asked(SIMPLE, days_ago=1)
    summarise_missing()
    older = EvidenceDay.objects.get(day=yesterday)
    del older.content["form"], older.content["distances"]
    EvidenceDay.objects.filter(day=yesterday).update(made_at=timezone.now() + timedelta(days=1), content=older.content)

    assert yesterday in summarise_missing()
    assert month(shipped()).distances["self_contained_chars"]


def test_a_day_whose_records_came_late_is_made_anew(asked):
    asked(SIMPLE, days_ago=3)
    summarise_missing()
    asked(SIMPLE, days_ago=3)

    summarise_missing()

    assert month(shipped()).requests == 2


def test_a_policy_that_is_not_there_and_features_of_another_form_leave_the_rest_standing(asked):
    asked(SIMPLE, policy_version=9)
    broken = asked(SIMPLE)
    type(broken).objects.filter(pk=broken.pk).update(features=b"not packed")

    assert row_of(summed().rules, "self_contained").fired == 2


def test_a_day_made_twice_says_the_same(asked):
    asked(SIMPLE)
    before = summed()

    after = summed()

    assert (before.rules, before.phrases, before.distances) == (after.rules, after.phrases, after.distances)


def test_the_days_add_up_to_a_month(asked):
    asked(SIMPLE)
    asked(SIMPLE, days_ago=3)
    asked(SIMPLE, days_ago=KEPT_DAYS + 1)

    summarise_missing()

    assert (month(shipped()).requests, month(shipped()).missing) == (2, 0)


def test_only_days_that_changed_are_made_anew(asked, monkeypatch):
    monkeypatch.setattr(summing, "SETTLED", timedelta(0))  # within an hour after midnight, yesterday is not yet whole
    made = asked(SIMPLE, days_ago=5)
    summarise_missing()

    assert summarise_missing() == [today()]

    feedback.give(made, "bad", "", ADA)

    assert summarise_missing() == [timezone.localdate(made.created_at), today()]


def test_a_day_that_was_not_over_is_made_again(asked):
    yesterday = today() - timedelta(days=1)
    summarise_missing()
    EvidenceDay.objects.filter(day=yesterday).update(made_at=timezone.now() - timedelta(days=1))

    assert yesterday in summarise_missing()


def test_days_that_are_not_kept_go(asked):
    EvidenceDay.objects.create(day=today() - timedelta(days=KEPT_DAYS), made_at=timezone.now(), content={})

    summarise_missing()

    assert EvidenceDay.objects.count() == KEPT_DAYS


def test_of_a_day_with_too_many_requests_the_newest_are_looked_at(asked, monkeypatch):
    monkeypatch.setattr(reading, "MOST", 2)
    for _ in range(3):
        asked(SIMPLE)

    assert summed().requests == 2


def test_groups_and_what_they_name_stay_few(asked, monkeypatch):
    monkeypatch.setattr(tally, "MOST_GROUPS", 1)
    monkeypatch.setattr(dearest, "DEAREST", 2)
    for text in (DOUBTFUL, DOUBTFUL, DOUBTFUL, "prove it"):
        asked(text)

    doubts = summed().doubts

    assert {row.name: (row.fired, len(row.dearest)) for row in doubts} == {"no rule spoke": (3, 2), "others": (1, 1)}
