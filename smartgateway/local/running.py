"""The one `make run` of a checkout, and what it tells on disk to whoever looks from beside, as `make doctor` does."""

import fcntl
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent.parent / "var"
LOCK, TOLD = "run.lock", "run.json"
LOOKED_AT_SECONDS = 0.5  # who asks whether it runs holds the lock for a moment


class AlreadyRunsError(Exception):
    """One sentence for the person who typed `make run`."""


@contextmanager
def only_one(folder: Path = FOLDER) -> Iterator[None]:
    """Two runs in one checkout would share the database and the private server; the kernel frees a dead run's lock."""
    with (folder / LOCK).open("w") as lock:
        deadline = time.monotonic() + LOOKED_AT_SECONDS
        while not has_locked(lock.fileno(), fcntl.LOCK_EX):
            if time.monotonic() > deadline:
                raise AlreadyRunsError("`make run` already runs in this checkout: stop it first.")
            time.sleep(0.05)
        yield


def tell(environment: Mapping[str, str], folder: Path = FOLDER) -> None:
    """What the parts are told on top of the configuration. Nothing in it is secret."""
    beside = folder / f"{TOLD}.new"
    beside.write_text(json.dumps(dict(environment)))
    beside.replace(folder / TOLD)


def told(folder: Path = FOLDER) -> dict[str, str] | None:
    """What the run told; None where none runs."""
    try:
        with (folder / LOCK).open() as lock:
            if has_locked(lock.fileno(), fcntl.LOCK_SH):
                return None
        told: dict[str, str] = json.loads((folder / TOLD).read_text())
    except (OSError, ValueError):
        return None
    return told


def has_locked(lock: int, kind: int) -> bool:
    try:
        fcntl.flock(lock, kind | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
