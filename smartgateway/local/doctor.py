"""Looks at each thing the gateway stands on, and says in one sentence how it is and what to do next."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from smartgateway.keys.models import ApiKey
from smartgateway.local import looks, surroundings
from smartgateway.local.at_work import processes
from smartgateway.local.box import State
from smartgateway.local.states import unconfigured

SLOW_SYNC_SECONDS = 0.05
MIB = 1 << 20


def examine() -> Iterator[State]:
    for look in (key, looks.claude, local_model, database, looks.redis, disk, journal):
        yield look()
    yield from processes()


def key() -> State:
    try:
        count = ApiKey.objects.usable().count()
    except DatabaseError:
        return State("Key", False, "cannot be looked up, see the database below")
    if count:
        return State("Key", True, f"{count} active")
    return State("Key", False, "none is active", "manage.py create_api_key NAME")


def local_model() -> State:
    return looks.local_model() if settings.LOCAL_LLM_BASE_URL else unconfigured(surroundings.look())


def database() -> State:
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        return State(
            "Database", False, f"cannot be used: {' '.join(str(error).split())}", "check DATABASE_URL and the server"
        )
    if waiting:
        return State("Database", False, f"{waiting} migrations are not applied", "manage.py migrate")
    return State("Database", True, f"{connection.vendor}, up to date")


def disk() -> State:
    folder = existing(settings.AUDIT_JOURNAL_DIR)
    free = shutil.disk_usage(folder).free // MIB
    if free < settings.AUDIT_JOURNAL_MAX_MB:
        words = f"{free} MiB are free under {folder}, the journal may need {settings.AUDIT_JOURNAL_MAX_MB}"
        return State("Disk", False, words, "free some space, or lower AUDIT_JOURNAL_MAX_MB")
    return State("Disk", True, f"{free} MiB are free")


def journal() -> State:
    folder: Path = settings.AUDIT_JOURNAL_DIR
    try:
        folder.mkdir(parents=True, exist_ok=True)
        seconds = timed(lambda: write_synced(folder / f".doctor-{os.getpid()}"))
    except OSError as error:
        words = f"{folder} cannot be written: {error.strerror}"
        return State("Journal", False, words, "give this user the right to write there, or set AUDIT_JOURNAL_DIR")
    waiting = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    words = f"{waiting // 1024} KiB on disk, a sync takes {seconds * 1000:.1f} ms"
    if seconds > SLOW_SYNC_SECONDS:
        next_step = "put AUDIT_JOURNAL_DIR on a faster disk: each request waits for two syncs"
        return State("Journal", False, words, next_step)
    return State("Journal", True, words)


def write_synced(path: Path) -> None:
    try:
        with path.open("wb") as file:
            file.write(b"x")
            file.flush()
            os.fdatasync(file.fileno())
    finally:
        path.unlink(missing_ok=True)


def timed(action: Callable[[], None]) -> float:
    started_at = time.perf_counter()
    action()
    return time.perf_counter() - started_at


def existing(folder: Path) -> Path:
    return folder if folder.exists() else existing(folder.parent)
