from django.db import models

from audit.models.fields import name


class Writer(models.Model):
    """A process that records. Its journal numbers every record; `sequence` is the last one shipped."""

    uuid = models.UUIDField(unique=True)
    host = name()
    pid = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField(default=0)
    voided = models.JSONField(default=list, help_text="Sequences given up because the disk failed; callers were told.")
    seen_at = models.DateTimeField(help_text="When its shipper last saw it alive.")
    finished_at = models.DateTimeField(null=True, blank=True, help_text="When it was found ended and all was shipped.")
    swept_at = models.DateTimeField(null=True, blank=True, help_text="When its open decisions were closed.")

    is_synthetic = models.BooleanField(
        default=False, help_text="Its rows were made to try things with; `seed_history --remove` takes them away."
    )

    def __str__(self) -> str:
        return f"{self.host}:{self.pid}"
