from django.db import models

from audit.models.fields import code, name


class Writer(models.Model):
    """A process that records. Its journal numbers every record; `sequence` is the last one shipped."""

    uuid = models.UUIDField(unique=True)
    host = name()
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField(default=0)
    voided = models.JSONField(default=list, help_text="Sequences given up because the disk failed; callers were told.")
    head = code()
    seal = code()
    follows = models.BigIntegerField(null=True, help_text="The newest writer when this one began: none goes unmissed.")
    seen_at = models.DateTimeField(help_text="When its shipper last saw it alive.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When it was found ended and all was shipped.")
    swept_at = models.DateTimeField(null=True, blank=True, help_text="When its open decisions were closed.")

    is_synthetic = models.BooleanField(
        default=False, help_text="Its rows were made to try things with; `seed_history --remove` takes them away."
    )

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"


class Removal(models.Model):
    """A tombstone: records of a writer that retention took away. `head` is the code of the last of them."""

    writer = models.ForeignKey(Writer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="removals")
    first = models.PositiveBigIntegerField()
    last = models.PositiveBigIntegerField()
    head = code()
    mac = code()
    removed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["writer", "first"], name="audit_removal_first"),
            models.CheckConstraint(
                condition=models.Q(first__gt=0, last__gte=models.F("first")), name="audit_removal_span"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"
