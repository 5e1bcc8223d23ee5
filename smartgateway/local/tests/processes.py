"""Looking at real processes from a test."""

import os
import random
import signal
import socket
import time
from contextlib import suppress
from pathlib import Path

PATIENCE_SECONDS = 60  # says that something hangs, not how fast the machine is
NOBODYS_PORTS = range(15_001, 32_000)  # below those that the system gives to connections and to port 0


def free_port():
    """Nobody is given it by chance between now and when it is listened on."""
    for port in random.sample(NOBODYS_PORTS, 100):
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
    raise AssertionError("no port is free")


def parents():
    """Of every living process: its id and its parent's."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = stat.read_text().rsplit(")", 1)[1].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            found[int(stat.parent.name)] = int(parent)
    return found


def descendants(pid):
    tree, found = parents(), {pid}
    while more := {child for child, parent in tree.items() if parent in found} - found:
        found |= more
    return found - {pid}


def command_line(pid):
    """Empty once the process is gone."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def is_alive(pid):
    return int(pid) in parents()


def eventually(condition, seconds=PATIENCE_SECONDS):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def end(process):
    """At the end of a test, whatever became of it; its parts end with it."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
