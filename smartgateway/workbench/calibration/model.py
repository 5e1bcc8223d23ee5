from typing import Any

from django.db import models
from django.db.models import Q

from smartgateway.workbench.states import UNFINISHED, State


class Calibration(models.Model):
    """A local model before labelled requests. These are kept until it is over, and then gone."""

    created_at = models.DateTimeField(auto_now_add=True)
    author = models.CharField(max_length=150)
    model = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    requests: "models.JSONField[list[Any], list[Any]]" = models.JSONField(default=list)
    result: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="calibration_state_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.model} on {self.file_name}"

    @property
    def is_over(self) -> bool:
        return self.state not in UNFINISHED
