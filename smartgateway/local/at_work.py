"""Looks at the processes that serve: each by what it does, wherever it was started."""

from collections.abc import Iterator
from datetime import timedelta

import httpx
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone
from kombu.exceptions import OperationalError

from audit.models import ReportDay, Writer
from smartgateway.celery import app
from smartgateway.local import parts
from smartgateway.local.box import State
from smartgateway.local.looks import PATIENCE_SECONDS

PING_SECONDS = 1.0
SILENT = timedelta(minutes=5)  # reports are built every two minutes, writers are looked at every minute
START = "make run; for a team, start the processes of the Procfile"


def processes() -> Iterator[State]:
    serving = web()
    is_running = serving.is_well is not None
    yield serving
    try:
        yield shipper(is_running)
        yield worker(is_running)
        yield reports(is_running)
    except DatabaseError:
        yield State("Shipper", False, "cannot be looked at, see the database above")


def web() -> State:
    """Here, or else where PUBLIC_URL says."""
    addresses = [parts.url(), *filter(None, [settings.PUBLIC_URL])]
    for address in addresses:
        try:
            answer = httpx.get(f"{address}/health/ready", timeout=PATIENCE_SECONDS, trust_env=address != parts.url())
        except httpx.HTTPError:
            continue
        return answering(answer, address)
    return State("Web", None, f"nothing answers at {' or '.join(addresses)}", START)


def answering(answer: httpx.Response, address: str) -> State:
    try:
        troubles = answer.json()["troubles"]
    except (ValueError, KeyError, TypeError):
        words = f"what answers at {address} is not the gateway (status {answer.status_code})"
        return State("Web", False, words, "choose another PORT, or check PUBLIC_URL")
    if troubles:
        return State(
            "Web", False, f"answers at {address}, with trouble: {'; '.join(troubles)}", "see what is marked here"
        )
    return State("Web", True, f"answers at {address}")


def shipper(is_running: bool) -> State:
    """By the journals that it looks at; one that nobody looks at any more may hold records."""
    writers = Writer.objects.filter(finished_at=None, is_synthetic=False)
    if silent := writers.filter(seen_at__lt=timezone.now() - SILENT).order_by("seen_at").first():
        words = f"has not looked at the journals of {silent.host} since {silent.seen_at:%Y-%m-%d %H:%M} UTC"
        next_step = "start the gateway there again (manage.py serve): what waits is not lost"
        return State("Shipper", False if is_running else None, words, next_step)
    if count := writers.count():
        return State("Shipper", True, f"looked at the journals of {count} serving process{'es' * (count > 1)} just now")
    return State("Shipper", False if is_running else None, "looks after no journal", START)


def worker(is_running: bool) -> State:
    if not settings.REDIS_URL:
        return State("Worker", None, "is not needed without a Redis: tasks run where they are called")
    try:
        answers = app.control.ping(timeout=PING_SECONDS)
    except (OperationalError, OSError):
        return State("Worker", False, "cannot be asked, see Redis above")
    if not answers:
        return State("Worker", False if is_running else None, "none answers: no report is built", START)
    return State("Worker", True, "answers" if len(answers) == 1 else f"{len(answers)} answer")


def reports(is_running: bool) -> State:
    """What worker and beat do."""
    newest = ReportDay.objects.newest_work()
    if newest is None:
        return State("Reports", None, "none was built yet", "wait two minutes" if is_running else START)
    built = f"{newest:%Y-%m-%d %H:%M} UTC"
    if newest < timezone.now() - SILENT:
        next_step = "see to worker and beat: their own words stand where they were started" if is_running else START
        return State("Reports", False if is_running else None, f"the last one was built at {built}", next_step)
    return State("Reports", True, f"the last one was built at {built}")
