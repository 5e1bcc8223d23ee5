"""What an answer costs with each HTTP client that could sit behind the providers: `python -m bench.clients`.

CPU of the whole client process per answer, threads included, against the loopback upstream on another core;
rounds are interleaved and the median is printed. aiohttp and pyreqwest take part where they are installed.
"""

import asyncio
import importlib.util
import json
import os
import statistics
import subprocess
import sys
import time
from typing import Any, NamedTuple

import uvloop

from bench.clients.contenders import CLIENTS, Ask
from bench.processes import free_port, pin, started, wait_for_port

REQUEST = {"model": "bench-model", "messages": [{"role": "user", "content": "word " * 110}]}
ROUNDS = 5


class Kind(NamedTuple):
    title: str
    connections: int
    answers: int
    members: dict[str, Any]


KINDS = {
    "whole": Kind("JSON, 32 at once", 32, 3000, {}),
    "single": Kind("JSON, one at a time", 1, 1000, {}),
    "burst": Kind("50 events at once, 32 at once", 32, 1000, {"stream": True, "max_tokens": 50}),
    "paced": Kind("20 events 10 ms apart, 32 at once", 32, 96, {"stream": True, "max_tokens": 20, "seed": 10}),
}


async def cost(name: str, url: str, kind: str) -> tuple[float, float]:
    """CPU microseconds and median milliseconds per answer, after a warm-up that opens the connections."""
    kind_of = KINDS[kind]
    ask = await CLIENTS[name][1](url, json.dumps({**REQUEST, **kind_of.members}).encode())
    await run(ask, kind_of.answers // 5, kind_of.connections)
    before = time.process_time()
    durations = await run(ask, kind_of.answers, kind_of.connections)
    return (time.process_time() - before) / kind_of.answers * 1e6, statistics.median(durations) * 1e3


async def run(ask: Ask, answers: int, connections: int) -> list[float]:
    left = iter(range(answers))
    durations: list[float] = []

    async def worker() -> None:
        for _ in left:
            started_at = time.perf_counter()
            body = await ask()
            durations.append(time.perf_counter() - started_at)
            assert body.startswith((b"{", b"data: "))

    await asyncio.gather(*(worker() for _ in range(connections)))
    return durations


def compare(url: str) -> None:
    names = [name for name, (package, _) in CLIENTS.items() if importlib.util.find_spec(package)]
    for kind, kind_of in KINDS.items():
        results: dict[str, list[tuple[float, float]]] = {name: [] for name in names}
        for _ in range(ROUNDS):
            for name in names:
                command = [sys.executable, "-m", "bench.clients", name, url, kind]
                done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
                results[name].append(tuple(json.loads(done.stdout)))
        print(f"\n{kind_of.title}")
        print(f"{'':30}{'CPU µs':>10}{'to ours':>9}{'median ms':>11}")
        ours = statistics.median(cpu for cpu, _ in results["FastTransport"])
        for name in names:
            cpu, wall = (statistics.median(column) for column in zip(*results[name], strict=True))
            print(f"{name:30}{cpu:10.0f}{cpu / ours:9.2f}{wall:11.3f}", flush=True)


def main() -> None:
    port = free_port()
    with started("load", "bench.upstream", str(port)):
        wait_for_port(port)
        compare(f"http://127.0.0.1:{port}/v1/chat/completions")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        pin(os.getpid(), "gateway")
        print(json.dumps(uvloop.run(cost(*sys.argv[1:]))), flush=True)
        os._exit(0)  # clients are not closed: only their cost was asked for
    main()
