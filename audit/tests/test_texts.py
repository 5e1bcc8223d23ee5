from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from audit import texts
from audit.ids import id_at
from audit.models import PromptText, RoutingDecision
from audit.records import AskText
from audit.retention import remove_expired
from audit.tests.doubles import decision, outcome
from audit.texts import remove_texts
from audit.verification import verify
from routing.engine.asks import Ask

pytestmark = pytest.mark.django_db
SAID = AskText("Rename load to load_users", "", 25, is_newest=True)


def ids():
    return set(PromptText.objects.values_list("pk", flat=True))


def said(days_ago, **changes):
    moment = timezone.now() - timedelta(days=days_ago)
    return decision(id=id_at(moment).bytes, created_at=moment.timestamp(), text=SAID, **changes)


def test_text_travels_with_its_decision_into_a_table_of_its_own(processes, ship, tmp_path):
    spoken, silent = decision(text=SAID), decision()
    processes().record(spoken, silent)

    ship()

    text = PromptText.objects.for_decisions([UUID(bytes=spoken.id), UUID(bytes=silent.id)]).get()
    assert (text.pk, text.team_id, text.team_name) == (UUID(bytes=spoken.id), spoken.team_id, spoken.team_name)
    assert text.recorded_at.timestamp() == pytest.approx(spoken.created_at, abs=1e-5)
    assert text.ask == Ask("Rename load to load_users", "", 25, is_newest=True)
    assert verify(tmp_path).is_clean


def test_text_that_came_before_is_not_doubled(processes, ship, shipper):
    made = decision(text=SAID)
    processes().record(made)
    ship()

    processes().record(made)
    ship()

    assert ids() == {UUID(bytes=made.id)}


def test_text_that_the_database_refuses_in_a_batch_arrives_alone(processes, ship):
    good, bad = decision(text=SAID), decision(text=SAID, tier="a tier that there is not")
    processes().record(good, bad)

    ship()

    assert ids() == {UUID(bytes=good.id), UUID(bytes=bad.id)}


@pytest.mark.parametrize("batch", [1, 500])
def test_only_text_that_is_older_and_of_the_team_is_removed(processes, ship, monkeypatch, tmp_path, batch):
    monkeypatch.setattr(texts, "BATCH_TEXTS", batch)
    old = [said(9, team_id=1), said(8, team_id=1)]
    kept = [said(6, team_id=1), said(10, team_id=2)]
    processes().record(*old, *kept)
    ship()

    removed = remove_texts(1, before=timezone.now() - timedelta(days=7))

    assert removed == 2
    assert ids() == {UUID(bytes=each.id) for each in kept}
    assert RoutingDecision.objects.count() == 4
    assert verify(tmp_path).is_clean


def test_text_goes_with_its_decision(processes, ship):
    expired, fresh = said(20), said(1)
    processes().record(expired, outcome(expired), fresh, outcome(fresh))
    ship()

    remove_expired(10)

    assert ids() == {UUID(bytes=fresh.id)}


def test_who_sees_some_teams_sees_the_text_of_these(processes, ship):
    processes().record(said(1, team_id=1), said(2, team_id=2))
    ship()

    assert [text.team_id for text in PromptText.objects.visible_to(frozenset({2}))] == [2]
    assert PromptText.objects.visible_to(None).count() == 2
