"""Feedback on a decision: the only door to its table."""

import re
from typing import NamedTuple

from django.utils import timezone

from audit.models import Feedback, RoutingDecision
from audit.models.feedback import COMMENT_LENGTH

UNPRINTABLE = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
SECRET = re.compile(r"\b(?:sk|pk|ghp|gho|glpat|xox[abp])[-_][\w-]{16,}|(?<=earer )\S{16,}")  # as keys look
REMOVED = "[removed]"


class Giver(NamedTuple):
    """A key or a user; the other is 0."""

    name: str
    key_id: int = 0
    user_id: int = 0


def give(decision: RoutingDecision, verdict: str, comment: str, giver: Giver) -> tuple[Feedback, bool]:
    """What was said, and whether it is the giver's first word on this decision. Said again, the newest word counts."""
    return Feedback.objects.update_or_create(
        decision_id=decision.pk,
        key_id=giver.key_id,
        user_id=giver.user_id,
        defaults={
            "given_at": timezone.now(),
            "team_id": decision.team_id,
            "giver": giver.name,
            "verdict": verdict,
            "comment": harmless(comment),
        },
    )


def harmless(comment: str) -> str:
    """As it may be kept: short, printable, and without what looks like a key."""
    return SECRET.sub(REMOVED, UNPRINTABLE.sub("", comment.strip()))[:COMMENT_LENGTH]
