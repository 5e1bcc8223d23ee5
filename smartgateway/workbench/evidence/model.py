from django.db import models


class EvidenceDay(models.Model):
    """What the rules did in one day, in the reports' time zone. Made anew at any time from the record."""

    day = models.DateField(primary_key=True)
    made_at = models.DateTimeField()
    content = models.JSONField()
    dearest = models.JSONField(default=dict, help_text="The most expensive ambiguous requests, by team.")

    class Meta:
        ordering = ["day"]
        verbose_name = "day of evidence"
        verbose_name_plural = "days of evidence"

    def __str__(self) -> str:
        return self.day.isoformat()
