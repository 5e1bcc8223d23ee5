"""Processes for a run: pinned to a core, measured from /proc, and gone afterwards."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 30
PR_SET_PDEATHSIG = 1
TICKS = os.sysconf("SC_CLK_TCK")
PAGE = os.sysconf("SC_PAGE_SIZE")


def cores(role: str) -> set[int]:
    """The gateway has one core to itself, the load and the upstream share another."""
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        return set(available)
    return {available[0]} if role == "gateway" else {available[1]}


def pin(pid: int, role: str) -> None:
    os.sched_setaffinity(pid, cores(role))


def pinned(role: str) -> Callable[[], None]:
    """To be called in the child, which then does not outlive this process."""
    chosen = cores(role)
    prctl = ctypes.CDLL(None).prctl

    def prepare() -> None:
        os.sched_setaffinity(0, chosen)
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    return prepare


def tree(pid: int) -> list[int]:
    """A process and its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(found for child in children for found in tree(int(child)))]


def cpu_seconds(pid: int) -> float:
    """User and system time of the tree."""
    return sum(sum(map(int, stat_fields(one)[11:13])) for one in tree(pid)) / TICKS


def resident_megabytes(pid: int) -> float:
    return sum(int(stat_fields(one)[21]) for one in tree(pid)) * PAGE / 1e6


def stat_fields(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {PATIENCE_SECONDS} s")


@contextmanager
def started(
    role: str, module: str, *arguments: str, env: dict[str, str] | None = None, fd: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """`python -m MODULE` on the role's core; ended by SIGTERM, and by the end of this process."""
    process = subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=ROOT,
        env={**os.environ, **(env or {})},
        pass_fds=() if fd is None else (fd,),
        preexec_fn=pinned(role),
    )
    try:
        yield process
    finally:
        stop(process)


def stop(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
