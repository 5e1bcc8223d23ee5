from collections.abc import Iterable
from typing import Self
from uuid import UUID

from django.db import models
from django.db.models import Q

from audit.models.fields import name

VERDICTS = {"good": "good", "bad": "bad", "too_weak": "too weak a model", "too_strong": "too strong a model"}
COMMENT_LENGTH = 500


class FeedbackQuerySet(models.QuerySet["Feedback"]):
    def for_decisions(self, ids: Iterable[UUID]) -> Self:
        return self.filter(decision_id__in=list(ids))

    def visible_to(self, teams: frozenset[int] | None) -> Self:
        """Only on decisions of `teams`; None sees all."""
        return self if teams is None else self.filter(team_id__in=teams)


class Feedback(models.Model):
    """What somebody thought of an answer: one row for each who said so and decision, the newest word counts.

    Outside the chain: people change their minds, and the record stays proven without it. Either `key_id` or
    `user_id` says who, the other is 0.
    """

    decision_id = models.UUIDField()
    given_at = models.DateTimeField()
    team_id = models.BigIntegerField(help_text="The decision's.")
    key_id = models.BigIntegerField(default=0)
    user_id = models.BigIntegerField(default=0)
    giver = name(help_text="The key's or the user's name then.")
    verdict = models.CharField(max_length=10, choices=list(VERDICTS.items()))
    comment = models.CharField(max_length=COMMENT_LENGTH, blank=True)

    objects = FeedbackQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "feedback"
        indexes = [models.Index(fields=["-given_at"], name="audit_feedback_newest")]
        constraints = [
            models.UniqueConstraint(fields=["decision_id", "key_id", "user_id"], name="audit_feedback_once"),
            models.CheckConstraint(condition=Q(verdict__in=list(VERDICTS)), name="audit_feedback_verdict"),
            models.CheckConstraint(
                condition=Q(key_id=0, user_id__gt=0) | Q(key_id__gt=0, user_id=0), name="audit_feedback_giver"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.verdict} by {self.giver}"
