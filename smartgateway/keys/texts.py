"""Keeps each team's prompt text for as long as the team says, and none of a team that is gone."""

from datetime import timedelta

from django.utils import timezone

from audit.texts import remove_texts, teams_with_texts
from smartgateway.keys.models import Team


def remove_expired_texts() -> int:
    kept_days = dict(Team.objects.values_list("pk", "text_kept_days"))
    removed, now = 0, timezone.now()
    for team_id in teams_with_texts():
        days = kept_days.get(team_id)
        removed += remove_texts(team_id, before=None if days is None else now - timedelta(days=days))
    return removed
