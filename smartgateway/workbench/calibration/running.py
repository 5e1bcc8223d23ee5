"""A calibration from its start to its end."""

import logging
import time
from typing import Any

from routing import policies
from routing.calibration import CannotCalibrateError, Sorted, calibrated, labelled, report
from smartgateway.workbench.calibration.model import Calibration
from smartgateway.workbench.states import State

logger = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
KEPT = 50  # the newest ones
OPEN = (State.WAITING, State.RUNNING)


def begun(model: str, file_name: str, rows: list[Any], author: str) -> Calibration:
    calibration = Calibration.objects.create(
        model=model, file_name=file_name[:200], requests=rows, total=len(rows), author=author
    )
    surplus = Calibration.objects.exclude(state__in=OPEN).values_list("pk", flat=True)[KEPT:]
    Calibration.objects.filter(pk__in=list(surplus)).delete()
    return calibration


def stop(calibration: Calibration) -> None:
    """The worker notices within a second or after the answer that it waits for."""
    Calibration.objects.filter(pk=calibration.pk, state__in=OPEN).update(state=State.CANCELLED, requests=[])


def run(pk: int) -> None:
    """Takes one that waits; one that a worker died over is begun anew by hand."""
    if not Calibration.objects.filter(pk=pk, state=State.WAITING).update(state=State.RUNNING):
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
    """False when it was stopped."""
    return Calibration.objects.filter(pk=calibration.pk, state=State.RUNNING).update(**values) == 1


def _end(calibration: Calibration, **values: Any) -> None:
    _update(calibration, requests=[], **values)
