from datetime import UTC, datetime
from typing import Self
from uuid import UUID

from django.db import models

from audit.models.fields import name
from audit.models.querysets import PromptTextQuerySet
from audit.records import AskText, DecisionRecord
from routing.engine.asks import Ask


class PromptText(models.Model):
    """What a person asked, of a team that switched this on. It goes by the team's own retention, or with its decision.

    Outside the chain: the record stays proven without it.
    """

    decision_id = models.UUIDField(primary_key=True)
    recorded_at = models.DateTimeField()
    team_id = models.BigIntegerField()
    chars = models.PositiveIntegerField(help_text="Of the whole ask, kept or not.")
    is_newest = models.BooleanField(help_text="Nothing but what clients write follows it.")
    team_name = name()
    head = models.TextField(help_text="As the rules read it, without what clients write around it.")
    tail = models.TextField(blank=True, help_text="The end of an ask that is longer than its head.")

    objects = PromptTextQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "prompt text"
        indexes = [models.Index(fields=["team_id", "decision_id"], name="audit_text_team")]

    def __str__(self) -> str:
        return str(self.decision_id)

    @classmethod
    def of(cls, decision: DecisionRecord, text: AskText) -> Self:
        return cls(
            decision_id=UUID(bytes=decision.id),
            recorded_at=datetime.fromtimestamp(decision.created_at, UTC),
            team_id=decision.team_id,
            chars=text.chars,
            is_newest=text.is_newest,
            team_name=decision.team_name,
            head=text.head,
            tail=text.tail,
        )

    @property
    def unkept_chars(self) -> int:
        return max(0, self.chars - len(self.head) - len(self.tail))

    @property
    def ask(self) -> Ask:
        """As the engine read it, to decide again from."""
        return Ask(self.head, self.tail, self.chars, self.is_newest)
