from datetime import timedelta
from typing import Any

from django.db import models
from django.db.models import F, Q

from smartgateway.workbench.states import UNFINISHED, State, to_be_taken

LOST_AFTER = timedelta(seconds=60)  # without a sign of life of whoever works on it


class Backtests(models.QuerySet["Backtest"]):
    def to_be_taken(self) -> "Backtests":
        return self.filter(to_be_taken(LOST_AFTER))

    def unfinished(self) -> "Backtests":
        return self.filter(state__in=UNFINISHED)


class Backtest(models.Model):
    """A policy before the recorded decisions of some days, or in shadow before those that come.

    What it found so far stands in `sums` with the `position` it came to: so another worker can go on.
    """

    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True)
    beat_at = models.DateTimeField(null=True, help_text="The last sign of life of the worker.")
    finished_at = models.DateTimeField(null=True)
    first_day = models.DateField()
    last_day = models.DateField(null=True, help_text="None for a shadow, which goes on until it is stopped.")
    position = models.UUIDField(null=True, help_text="The last decision that was tried again.")
    name = models.CharField(max_length=80, blank=True, default="", help_text="Of what is neither draft nor version.")
    version = models.PositiveIntegerField(default=0, help_text="0 for the draft of that moment.")
    total = models.PositiveBigIntegerField(default=0)
    done = models.PositiveBigIntegerField(default=0)
    state = models.CharField(max_length=20, choices=State, default=State.WAITING)
    run = models.CharField(max_length=32, blank=True, help_text="Names the worker that has it.")
    author = models.CharField(max_length=150)
    digest = models.CharField(max_length=64)
    problem = models.CharField(max_length=500, blank=True)
    content: "models.JSONField[dict[str, Any], dict[str, Any]]" = models.JSONField()
    sums: "models.JSONField[dict[str, Any] | None, dict[str, Any] | None]" = models.JSONField(null=True)

    objects = Backtests.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["digest", "-id"], name="workbench_backtest_digest")]
        constraints = [
            models.CheckConstraint(condition=Q(state__in=State.values), name="backtest_state_is_known"),
            models.CheckConstraint(
                condition=Q(last_day__isnull=True) | Q(last_day__gte=F("first_day")), name="backtest_days_in_order"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} of {self.created_at:%Y-%m-%d %H:%M}"

    @property
    def title(self) -> str:
        return self.name or (f"Version {self.version}" if self.version else "The draft")

    @property
    def is_shadow(self) -> bool:
        return self.last_day is None

    @property
    def is_over(self) -> bool:
        return self.state not in UNFINISHED
