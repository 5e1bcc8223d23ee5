"""A backtest from its start to its end: by one worker at a time, in steps that another can go on from."""

import logging
import time
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.utils import timezone

from audit.ids import id_at
from audit.models import RoutingDecision
from audit.models.querysets import start_of
from routing import policies
from routing.engine.types import Policy
from routing.models import PolicyVersion
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.backtest.retrial import Retrial
from smartgateway.workbench.backtest.rows import chunks
from smartgateway.workbench.backtest.sums import Sums
from smartgateway.workbench.states import State

logger = logging.getLogger(__name__)
BEAT_SECONDS = 1.0
SETTLED_AFTER = timedelta(minutes=2)  # a shadow leaves requests so long to end
KEPT = 100  # backtests, the newest ones


def policy_of(content: policies.Content, digest: str, version: int = 0) -> Policy:
    """A draft or a version as the engine reads it. Raises BrokenVersionError for what nobody could serve."""
    return policies.frozen(PolicyVersion(number=version, content=content, digest=digest))


def begun(
    content: policies.Content, days: tuple[date, date | None], author: str, version: int = 0, name: str = ""
) -> Backtest:
    """A backtest that waits for a worker; `days` without a last one are a shadow."""
    first, last = days
    backtest = Backtest.objects.create(
        content=content,
        digest=policies.digest_of(content),
        version=version,
        name=name,
        first_day=first,
        last_day=last,
        author=author,
        position=None if last else id_at(timezone.now()),
    )
    surplus = Backtest.objects.exclude(pk__in=Backtest.objects.unfinished().values("pk")).values_list("pk", flat=True)
    Backtest.objects.filter(pk__in=list(surplus[KEPT:])).delete()
    return backtest


def stop(backtest: Backtest) -> State | None:
    """Its end, which the worker notices within a second or so. A shadow that is stopped is done."""
    end = State.DONE if backtest.is_shadow else State.CANCELLED
    stopped = Backtest.objects.unfinished().filter(pk=backtest.pk)
    return end if stopped.update(state=end, run="", finished_at=timezone.now()) else None


def run(pk: int) -> None:
    """Takes it, unless another worker has it, and goes on to its end; a shadow's end is now."""
    token, now = uuid4().hex, timezone.now()
    taken = Backtest.objects.to_be_taken().filter(pk=pk)
    if not taken.update(state=State.RUNNING, run=token, beat_at=now):
        return
    backtest = Backtest.objects.get(pk=pk)
    backtest.started_at = backtest.started_at or now
    try:
        _go_on(backtest)
    except Exception as exc:
        logger.exception("Backtest %s failed", pk)
        _update(backtest, state=State.FAILED, problem=f"{type(exc).__name__}: {exc}"[:500], finished_at=timezone.now())
        raise


def _go_on(backtest: Backtest) -> None:
    first, end = _range_of(backtest)
    sums = Sums.from_json(backtest.sums) if backtest.sums else Sums()
    rows = RoutingDecision.objects.filter(id__gte=first, id__lt=end)
    backtest.total = backtest.done + rows.count()
    if not _update(backtest, total=backtest.total, started_at=backtest.started_at):
        return
    retrial = Retrial(policy_of(backtest.content, backtest.digest, backtest.version))
    beat_at = time.monotonic()
    for chunk in chunks(first, end):
        retrial.try_again(chunk, sums)
        backtest.done += len(chunk)
        backtest.position = chunk[-1].id
        if time.monotonic() - beat_at >= BEAT_SECONDS:
            if not _update(backtest, **_progress(backtest, sums)):
                return
            beat_at = time.monotonic()
    over = {"state": State.WAITING, "run": ""} if backtest.is_shadow else {"state": State.DONE, "run": ""}
    _update(backtest, **_progress(backtest, sums), **over, finished_at=timezone.now())


def _range_of(backtest: Backtest) -> tuple[UUID, UUID]:
    """The ids that are still to be tried."""
    zone = settings.REPORT_TIME_ZONE
    if backtest.last_day is None:
        end = id_at(timezone.now() - SETTLED_AFTER)
    else:
        end = id_at(start_of(backtest.last_day + timedelta(days=1), zone))
    first = id_at(start_of(backtest.first_day, zone))
    return (UUID(int=backtest.position.int + 1) if backtest.position else first), end


def _progress(backtest: Backtest, sums: Sums) -> dict[str, Any]:
    return {"done": backtest.done, "position": backtest.position, "sums": sums.as_json(), "total": backtest.total}


def _update(backtest: Backtest, **values: Any) -> bool:
    """False when it was stopped, or another worker has it."""
    mine = Backtest.objects.filter(pk=backtest.pk, run=backtest.run, state=State.RUNNING)
    return mine.update(beat_at=timezone.now(), **values) == 1


def seconds_of(backtest: Backtest, now: datetime) -> float | None:
    """How long it still takes, as fast as it went until now."""
    if backtest.started_at is None or not backtest.done:
        return None
    return (now - backtest.started_at).total_seconds() * (backtest.total - backtest.done) / backtest.done
