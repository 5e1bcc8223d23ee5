"""A calibration from its start to its end."""

import logging
import time
from typing import Any
from uuid import uuid4

from django.utils import timezone

from routing import policies
from routing.calibration import CannotCalibrateError, Sorted, calibrated, labelled, report
from smartgateway.workbench.calibration.model import KEPT_UNFINISHED, Calibration
from smartgateway.workbench.states import State

logger = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
KEPT = 50  # the newest ones
ABANDONED = "No worker took it to its end within a day."


def begun(model: str, file_name: str, rows: list[Any], author: str) -> Calibration:
    calibration = Calibration.objects.create(
        model=model, file_name=file_name[:200], requests=rows, total=len(rows), author=author
    )
    forget_abandoned()
    surplus = Calibration.objects.given_up().values_list("pk", flat=True)[KEPT:]
    Calibration.objects.filter(pk__in=list(surplus)).delete()
    return calibration


def begun_again(calibration: Calibration) -> bool:
    """From its start, where nobody works on it. False for one that is at work or over."""
    again = Calibration.objects.to_be_taken().filter(pk=calibration.pk)
    return again.update(state=State.WAITING, run="", done=0, beat_at=timezone.now()) == 1


def forget_abandoned() -> None:
    """What nobody took or took up again for a day has failed, and its requests go."""
    abandoned = Calibration.objects.unfinished().filter(beat_at__lt=timezone.now() - KEPT_UNFINISHED)
    abandoned.update(state=State.FAILED, problem=ABANDONED, run="", requests=[])


def stop(calibration: Calibration) -> bool:
    """The worker notices within a second or after the answer that it waits for. False for one that is over."""
    stopped = Calibration.objects.unfinished().filter(pk=calibration.pk)
    return stopped.update(state=State.CANCELLED, run="", requests=[]) == 1


def run(pk: int) -> None:
    """Takes one that waits, or that a worker died over, from its start."""
    taken = Calibration.objects.to_be_taken().filter(pk=pk)
    if not taken.update(state=State.RUNNING, run=uuid4().hex, done=0, beat_at=timezone.now()):
        return
    calibration = Calibration.objects.get(pk=pk)
    try:
        _go(calibration)
    except CannotCalibrateError as exc:
        _end(calibration, state=State.FAILED, problem=str(exc)[:500])
    except Exception as exc:
        logger.exception("Calibration %s failed", pk)
        _end(calibration, state=State.FAILED, problem=type(exc).__name__)
        raise


def _go(calibration: Calibration) -> None:
    rows = [labelled(row) for row in calibration.requests]
    found: list[Sorted] = []
    beat_at = time.monotonic()
    for each in calibrated(rows, policies.current(), calibration.model):
        found.append(each)
        if time.monotonic() - beat_at >= BEAT_SECONDS:
            if not _update(calibration, done=len(found)):
                return
            beat_at = time.monotonic()
    _end(calibration, state=State.DONE, done=len(found), result=report(found, calibration.model))


def _update(calibration: Calibration, **values: Any) -> bool:
    """False when it was stopped, or another worker has it."""
    mine = Calibration.objects.filter(pk=calibration.pk, run=calibration.run, state=State.RUNNING)
    return mine.update(beat_at=timezone.now(), **values) == 1


def _end(calibration: Calibration, **values: Any) -> None:
    _update(calibration, requests=[], **values)
