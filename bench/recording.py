"""What the record costs a serving process: both durabilities beside recording off. `python -m bench.recording`.

Three processes serve from one database, Redis and folder of journals, to one shipper. Rounds interleave them.
"""

import argparse
import socket
import sys
from contextlib import ExitStack
from typing import NamedTuple

from bench.gateway import KEY, surroundings
from bench.processes import free_port, started, wait_for_port
from bench.scenarios import Results, Target, measure
from bench.shapes import WHOLE
from bench.tables import Figure

MODULES = {
    "recording off": ("bench.unrecorded", "journal"),
    "AUDIT_DURABILITY=journal": ("smartgateway.local.worker", "journal"),
    "AUDIT_DURABILITY=database": ("smartgateway.local.worker", "database"),
}
OFF, JOURNAL, DATABASE = MODULES
ROUNDS, SECONDS = 5, 1.5
ALONE, MANY = WHOLE[1], WHOLE[32]


class Costs(NamedTuple):
    """By name of what was measured."""

    cpu_us: dict[str, float]
    median_ms: dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.recording", description=__doc__)
    parser.add_argument("--postgresql", action="store_true", help="record in PostgreSQL instead of SQLite")
    with ExitStack() as stack:
        upstream_port = free_port()
        upstream = stack.enter_context(started("load", "bench.upstream", str(upstream_port)))
        wait_for_port(upstream_port)
        surroundings(stack, upstream_port, on_postgresql=parser.parse_args().postgresql)
        shipper = stack.enter_context(started("load", "manage", "ship", env={"AUDIT_DURABILITY": "database"}))
        targets = [serving(stack, name, (upstream.pid, shipper.pid)) for name in MODULES]
        results = Results()
        for _ in range(ROUNDS):
            for scenario in (MANY, ALONE):
                for target in targets:
                    results.add(target, scenario, measure(target, scenario, SECONDS))
    show(
        Costs(
            {name: results.series(name, MANY).cpu_us for name in MODULES},
            {name: results.series(name, ALONE).of("p50") for name in MODULES},
        )
    )
    return 0


def serving(stack: ExitStack, name: str, companions: tuple[int, ...]) -> Target:
    module, durability = MODULES[name]
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=1024))
    descriptor = listener.fileno()
    environment = {"AUDIT_DURABILITY": durability}
    web = stack.enter_context(started("gateway", module, str(descriptor), env=environment, fd=descriptor))
    port = listener.getsockname()[1]
    wait_for_port(port)
    return Target(name, port, {"Authorization": f"Bearer {KEY}"}, web.pid, companions)


def show(costs: Costs) -> None:
    print(f"\n{'what the record costs a serving process':40}{'CPU µs':>9}{'added':>9}{'p50 ms':>9}{'added':>9}")
    for name in MODULES:
        cpu, median = costs.cpu_us[name], costs.median_ms[name]
        print(f"{name:40}{cpu:9.0f}{cpu - costs.cpu_us[OFF]:9.0f}{median:9.2f}{median - costs.median_ms[OFF]:9.2f}")
    print("CPU: a request, 32 at once. p50: at one connection.")
    print(f"\n{'against the goals':52}{'gateway':>9}{'must':>9}{'goal':>9}")
    added_us, added_ms = (each[JOURNAL] - each[OFF] for each in costs)
    for figure in (
        Figure("recording, CPU µs per request, 32 at once", added_us, 60, 45),
        Figure("recording, added median at 1 connection, ms", added_ms, 1.4, 1.4),
    ):
        print(figure.row())


if __name__ == "__main__":
    sys.exit(main())
