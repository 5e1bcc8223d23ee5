"""How far a task of the workbench has come."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone


class State(models.TextChoices):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    FAILED = "failed"


UNFINISHED = (State.WAITING, State.RUNNING)


def lost(after: timedelta) -> Q:
    """Its worker gave no sign of life for so long."""
    return Q(state=State.RUNNING, beat_at__lt=timezone.now() - after)


def to_be_taken(lost_after: timedelta) -> Q:
    """Waiting, or left by a worker that died."""
    return Q(state=State.WAITING) | lost(lost_after)
