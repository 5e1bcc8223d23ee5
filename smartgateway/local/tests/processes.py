"""Looking at real processes from a test."""

import os
import signal
import socket
import time
from pathlib import Path


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


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


def is_alive(pid):
    return int(pid) in parents()


def eventually(condition, seconds=15):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


def end(process):
    """At the end of a test, whatever became of it; its parts end with it."""
    if process.poll() is None:
        os.kill(process.pid, signal.SIGKILL)
    process.communicate()
