"""Takes prompt text away: by its team's own retention, apart from the record that it belongs to."""

from datetime import datetime

from django.db import transaction

from audit.models import PromptText
from audit.models.querysets import PromptTextQuerySet

BATCH_TEXTS = 500


def remove_texts(team_id: int, *, before: datetime | None = None) -> int:
    """All of the team's, or only what came earlier than `before`; how many they were."""
    texts = PromptText.objects.filter(team_id=team_id)
    expired = texts if before is None else texts.before(before)
    removed = 0
    while count := _remove_some(expired):
        removed += count
    return removed


def teams_with_texts() -> set[int]:
    return set(PromptText.objects.order_by().values_list("team_id", flat=True).distinct())


@transaction.atomic
def _remove_some(texts: PromptTextQuerySet) -> int:
    ids = list(texts.order_by("pk").values_list("pk", flat=True)[:BATCH_TEXTS])
    PromptText.objects.for_decisions(ids).delete()
    return len(ids)
