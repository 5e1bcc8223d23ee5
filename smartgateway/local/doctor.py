"""Looks at each thing the gateway stands on, and says in one sentence how it is and what to do next."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import redis as redis_client
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from routing import clients
from routing.providers import anthropic
from smartgateway.keys.models import ApiKey
from smartgateway.local import surroundings
from smartgateway.local.box import State
from smartgateway.local.states import local as local_found

PATIENCE_SECONDS = 5.0
SLOW_SYNC_SECONDS = 0.05
MIB = 1 << 20


def examine() -> Iterator[State]:
    yield from (key(), claude(), local_model(), database(), redis(), disk(), journal())


def key() -> State:
    try:
        count = ApiKey.objects.usable().count()
    except DatabaseError:
        return State("Key", False, "cannot be looked up, see the database below")
    if count:
        return State("Key", True, f"{count} active")
    return State("Key", False, "none is active", "manage.py create_api_key NAME")


def claude() -> State:
    if not settings.ANTHROPIC_API_KEY:
        return State("Claude", None, "is off", "set ANTHROPIC_API_KEY in .env")
    answer = fetched(f"{settings.ANTHROPIC_BASE_URL}/v1/models", clients.claude_headers() | anthropic.VERSION)
    if isinstance(answer, str):
        return State("Claude", False, f"cannot be reached: {answer}", "check the network and ANTHROPIC_BASE_URL")
    if answer.status_code in (401, 403):
        return State("Claude", False, "refuses the key", "check ANTHROPIC_API_KEY")
    if answer.status_code != 200:
        return State("Claude", False, f"answers with status {answer.status_code}", "try again later")
    return State("Claude", True, f"answers and accepts the key ({settings.DEFAULT_MODEL}, {settings.OPUS_MODEL})")


def local_model() -> State:
    if not settings.LOCAL_LLM_BASE_URL:
        return local_found(surroundings.look())
    path = "/api/tags" if settings.LOCAL_LLM_KIND == "ollama" else "/v1/models"
    answer = fetched(f"{settings.LOCAL_LLM_BASE_URL}{path}", clients.local_headers())
    if isinstance(answer, str):
        return State("Local model", False, f"cannot be reached: {answer}", "check LOCAL_LLM_BASE_URL and the server")
    if answer.status_code != 200 or "json" not in answer.headers.get("content-type", ""):
        words = f"answers {path} with status {answer.status_code} and not as {settings.LOCAL_LLM_KIND} does"
        return State("Local model", False, words, "check LOCAL_LLM_BASE_URL, LOCAL_LLM_KIND and the access settings")
    if settings.LOCAL_LLM_DEFAULT_MODEL not in answer.text:
        words = f"answers, without {settings.LOCAL_LLM_DEFAULT_MODEL}: the largest model there serves instead"
        return State("Local model", True, words, f"ollama pull {settings.LOCAL_LLM_DEFAULT_MODEL}")
    return State("Local model", True, f"{settings.LOCAL_LLM_DEFAULT_MODEL} at {settings.LOCAL_LLM_BASE_URL}")


def fetched(url: str, headers: dict[str, str]) -> httpx.Response | str:
    """The answer, or why there is none."""
    try:
        return httpx.get(url, headers=headers, timeout=PATIENCE_SECONDS)
    except httpx.HTTPError as error:
        return str(error) or type(error).__name__


def database() -> State:
    try:
        executor = MigrationExecutor(connection)
        waiting = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    except DatabaseError as error:
        return State("Database", False, f"cannot be used: {str(error).strip()}", "check DATABASE_URL and the server")
    if waiting:
        return State("Database", False, f"{waiting} migrations are not applied", "manage.py migrate")
    return State("Database", True, f"{connection.vendor}, up to date")


def redis() -> State:
    if not settings.REDIS_URL:
        words = "none is configured: `make run` starts a private one, else limits hold per process"
        return State("Redis", None, words, "set REDIS_URL for a team")
    try:
        with redis_client.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=PATIENCE_SECONDS) as server:
            server.ping()
    except (redis_client.RedisError, ValueError) as error:
        return State("Redis", False, f"cannot be used: {error}", "check REDIS_URL and the server")
    return State("Redis", True, "answers")


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
