"""`make bench`: what a request costs in the gateway, beside what it costs without one. `python -m bench --help`."""

import argparse
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench import tables
from bench.gateway import KEY, Gateway, gateway
from bench.processes import cpu_seconds, free_port, resident_megabytes, started, wait_for_port
from bench.scenarios import Results, Target, idle_streams, measure
from bench.shapes import PACED, SCENARIOS, SHAPES, TO_CLAUDE, WHOLE
from bench.verdict import Verdict

DIRECT = (WHOLE[1], PACED)  # what the added times are added to


def main() -> int:
    options = arguments()
    started_at = time.monotonic()
    with ExitStack() as stack:
        upstream_port = free_port()
        upstream = stack.enter_context(started("load", "bench.upstream", str(upstream_port)))
        wait_for_port(upstream_port)
        floor = stack.enter_context(floor_before(upstream_port, upstream.pid))
        serving = stack.enter_context(gateway(upstream_port, on_postgresql=options.postgresql))
        direct = Target("direct", upstream_port, {}, None, (upstream.pid,))
        companions = (upstream.pid, serving.shipper.pid)
        target = Target("gateway", serving.port, {"Authorization": f"Bearer {KEY}"}, serving.web.pid, companions)
        results, verdict = run([direct, floor, target], serving, is_quick=options.quick)
    tables.show(results, verdict)
    print(f"\nTook {time.monotonic() - started_at:.0f} s.")
    return 0 if verdict.counts else 1


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round: about a minute, noisier figures")
    parser.add_argument("--postgresql", action="store_true", help="record in PostgreSQL instead of SQLite")
    return parser.parse_args()


@contextmanager
def floor_before(upstream_port: int, upstream_pid: int) -> Iterator[Target]:
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        environment = {"BENCH_UPSTREAM": f"http://127.0.0.1:{upstream_port}"}
        descriptor = listener.fileno()
        with started("gateway", "bench.floor", str(descriptor), env=environment, fd=descriptor) as process:
            wait_for_port(listener.getsockname()[1])
            yield Target("bare pass-through", listener.getsockname()[1], {}, process.pid, (upstream_pid,))


def run(targets: list[Target], serving: Gateway, *, is_quick: bool) -> tuple[Results, Verdict]:
    """Rounds interleave the targets, so that what else the machine does meets all of them alike."""
    results = Results()
    shipper_before = cpu_seconds(serving.shipper.pid)
    rounds, seconds = (1, 0.7) if is_quick else (3, 2.0)
    for _ in range(rounds):
        for scenario in SCENARIOS:
            for target in targets:
                if target.pid is not None or scenario in DIRECT:
                    results.add(target, scenario, measure(target, scenario, seconds))
    resident = resident_megabytes(serving.web.pid)
    idle = 0 if is_quick else idle_streams(targets[-1], results)
    sent = sum(results.sent("gateway", shape) for shape in SHAPES)
    record, shipped_seconds = serving.record(sent)
    shipper_us = (cpu_seconds(serving.shipper.pid) - shipper_before) / max(record.decisions, 1) * 1e6
    verdict = Verdict(
        sent=sent,
        to_claude=results.sent("gateway", TO_CLAUDE),
        record=record,
        shipped_seconds=shipped_seconds,
        syncs=serving.syncs(),
        load_busy=results.series("gateway", WHOLE[32]).load_busy,
        shipper_us=shipper_us,
        resident_mb=resident,
        idle_mb=idle,
    )
    return results, verdict


if __name__ == "__main__":
    sys.exit(main())
