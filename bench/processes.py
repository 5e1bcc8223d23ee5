"""Processes for a run: pinned to a core, measured from /proc, and gone afterwards."""

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path

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
    """To be called in the child."""
    chosen = cores(role)
    return lambda: os.sched_setaffinity(0, chosen)


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


def wait_for_port(port: int, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise TimeoutError(f"nothing listens on port {port} after {seconds} s")
