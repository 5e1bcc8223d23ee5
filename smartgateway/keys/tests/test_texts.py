import asyncio
from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from audit.ids import id_at
from audit.models import PromptText
from smartgateway.keys.issuing import issue
from smartgateway.keys.models import Team
from smartgateway.keys.snapshots import KeyRing
from smartgateway.keys.tasks import remove_expired_texts_task

pytestmark = pytest.mark.django_db
LIST = reverse("admin:keys_team_changelist")


def text(team_id, days_ago):
    moment = timezone.now() - timedelta(days=days_ago)
    return PromptText.objects.create(
        decision_id=id_at(moment), recorded_at=moment, team_id=team_id, chars=5, is_newest=True, head="Hello"
    )


def left():
    return sorted(PromptText.objects.values_list("team_id", flat=True))


def save(admin_client, team, **changes):
    form = {"name": team.name, "slug": team.slug, "allows_local": "on", "text_kept_days": "30"}
    inline = {"memberships-TOTAL_FORMS": "0", "memberships-INITIAL_FORMS": "0"}
    address = reverse("admin:keys_team_change", args=[team.pk])
    return admin_client.post(address, form | inline | changes, follow=True).content.decode()


def test_by_default_no_text_is_recorded():
    key, secret = issue("laptop", "Payments")
    ring = KeyRing()
    ring.refresh()

    assert not asyncio.run(ring.authenticate(secret)).is_record_text_on
    assert not key.team.is_text_recorded


def test_a_keys_snapshot_knows_the_switch_of_its_team():
    key, secret = issue("laptop", "Payments")
    ring = KeyRing()
    ring.refresh()
    key.team.is_text_recorded = True
    key.team.save()

    ring.refresh()

    assert asyncio.run(ring.authenticate(secret)).is_record_text_on


def test_switching_it_on_is_said_at_once_and_stands_in_the_teams_history(admin_client):
    team = Team.objects.create(name="Payments", slug="payments")

    page = save(admin_client, team, is_text_recorded="on", text_kept_days="14")

    assert "is recorded from now on and kept for 14 days" in page
    assert "Record prompt text" in LogEntry.objects.get().get_change_message()


def test_switching_it_off_says_what_becomes_of_what_was_recorded(admin_client):
    team = Team.objects.create(name="Payments", slug="payments", is_text_recorded=True)

    assert "stays until its days are over" in save(admin_client, team)


def test_a_change_of_something_else_says_nothing_of_it(admin_client):
    team = Team.objects.create(name="Payments", slug="payments", is_text_recorded=True)

    assert "is recorded from now on" not in save(admin_client, team, is_text_recorded="on", name="Search")


@pytest.mark.parametrize("days", [0, 3651])
def test_days_that_make_no_sense_are_refused(days):
    with pytest.raises(ValidationError, match="text_kept_days"):
        Team(name="Payments", slug="payments", text_kept_days=days).full_clean()


def test_each_team_keeps_its_text_for_its_own_days_on_or_off():
    short = Team.objects.create(name="Short", slug="short", text_kept_days=5)
    long = Team.objects.create(name="Long", slug="long", text_kept_days=50, is_text_recorded=True)
    for days_ago in (1, 6, 60):
        text(short.pk, days_ago)
        text(long.pk, days_ago + 0.5)

    remove_expired_texts_task()
    remove_expired_texts_task()

    assert left() == [short.pk, long.pk, long.pk]


def test_text_of_a_team_that_is_gone_is_removed():
    text(4711, 1)

    remove_expired_texts_task()

    assert left() == []


def test_an_admin_removes_a_teams_text_at_once_and_that_is_logged(admin_client):
    teams = [Team.objects.create(name=name, slug=name) for name in ("one", "two")]
    for team in teams:
        text(team.pk, 1 + team.pk)

    action = {"action": "remove_texts_of_selected", "_selected_action": [teams[0].pk]}
    page = admin_client.post(LIST, action, follow=True).content.decode()

    assert "Prompt text of 1 requests is removed" in page
    assert left() == [teams[1].pk]
    assert "Prompt text of 1 requests removed." in LogEntry.objects.get().change_message
