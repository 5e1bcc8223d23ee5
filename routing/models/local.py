"""What is known of each local model, found out by asking it."""

from typing import Any

from django.db import models
from django.db.models import Q


def _count(what: str) -> Any:
    return models.PositiveIntegerField(null=True, help_text=what)


class LocalModelRecord(models.Model):
    """One model of the local server. What was not found out stays empty; nobody edits it by hand."""

    name = models.CharField(max_length=200, unique=True)
    digest = models.CharField(max_length=200, blank=True, help_text="Of the weights that were tested.")
    calls_tools = models.BooleanField(null=True, help_text="It was asked for a tool call, and one came.")
    vision = models.BooleanField(null=True, help_text="It reads images.")
    thinking = models.BooleanField(null=True, help_text="It can be asked to think before it answers.")
    context_loaded = _count("Tokens it reads as it is loaded now.")
    context_max = _count("Tokens it could read.")
    gpu_share = models.FloatField(null=True, help_text="How much of it is in the memory of the graphics card, 0 to 1.")
    tokens_per_second = models.FloatField(null=True, help_text="As seen from the gateway, after the first token.")
    tested_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=500, blank=True, help_text="Why the last test came to nothing.")
    claimed_until = models.DateTimeField(null=True, editable=False, help_text="A process tests it until then.")

    class Meta:
        verbose_name = "local model"
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(gpu_share__isnull=True) | Q(gpu_share__gte=0, gpu_share__lte=1),
                name="local_model_gpu_share_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return self.name
