from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from smartgateway.workbench.states import UNFINISHED, State, lost, to_be_taken

LOST_AFTER = timedelta(minutes=5)  # without a sign of life; loading a model takes up to two of them
KEPT_UNFINISHED = timedelta(days=1)  # so long it can be started again


class Calibrations(models.QuerySet["Calibration"]):
    def to_be_taken(self) -> "Calibrations":
        return self.filter(to_be_taken(LOST_AFTER))

    def unfinished(self) -> "Calibrations":
        return self.filter(state__in=UNFINISHED)

    def given_up(self) -> "Calibrations":
        """Nobody works on these any more."""
        return self.filter(~Q(state__in=UNFINISHED) | lost(LOST_AFTER))


class Calibration(models.Model):
    """A local model before labelled requests. These are kept until it is over, and then gone."""

    created_at = models.DateTimeField(auto_now_add=True)
    beat_at = models.DateTimeField(default=timezone.now, help_text="The last sign of life.")
    author = models.CharField(max_length=150)
    model = models.CharField(max_length=200)
    file_name = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    run = models.CharField(max_length=32, blank=True, default="", help_text="Names the worker that has it.")
    total = models.PositiveIntegerField()
    done = models.PositiveIntegerField(default=0)
    problem = models.CharField(max_length=500, blank=True)
    requests: "models.JSONField[list[Any], list[Any]]" = models.JSONField(default=list)
    result: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(null=True)

    objects = Calibrations.as_manager()

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

    @property
    def is_silent(self) -> bool:
        """Nobody took it, or whoever did gave no sign of life for minutes."""
        return not self.is_over and self.beat_at < timezone.now() - LOST_AFTER

    @property
    def is_lost(self) -> bool:
        return self.is_silent and self.state == State.RUNNING

    @property
    def standing(self) -> str:
        """Its state, as far as it can be believed."""
        return str((State.FAILED if self.is_lost else State(self.state)).label)
