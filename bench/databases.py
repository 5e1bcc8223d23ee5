"""The databases that a bench of the record runs on, each new, with tables and first policy."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.processes import ROOT
from tests.services import postgresql

CHOICES = ("sqlite", "postgresql", "both")


def databases(chosen: str) -> Iterator[tuple[str, str, Path]]:
    """Title, address, and a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="smartgateway-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if chosen != "postgresql":
            yield "SQLite", f"sqlite:///{folder / 'bench.sqlite3'}", folder
        if chosen != "sqlite":
            with postgresql(folder) as address:
                yield "PostgreSQL", address, folder


def prepared(address: str) -> dict[str, str]:
    """The environment of a gateway whose database has its tables and its first policy."""
    environment = {
        **os.environ,
        "DATABASE_URL": address,
        "DJANGO_SETTINGS_MODULE": "smartgateway.settings",
        "SECRET_KEY": "for-the-bench-only",
        "AUDIT_CHAIN_KEY": "for-the-bench-only",
        "READ_DOT_ENV": "0",
    }
    for command in (["migrate", "-v0"], ["bootstrap"]):
        subprocess.run(
            [sys.executable, "manage.py", *command], cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
        )
    return environment


def analyse() -> None:
    """As autovacuum would have by then."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE" if connection.vendor == "sqlite" else "VACUUM ANALYZE")
