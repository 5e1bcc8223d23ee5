"""How each target is measured, and what was found."""

import statistics
import sys
import time
from collections.abc import Callable
from subprocess import PIPE, Popen
from subprocess import run as run_process
from typing import NamedTuple

import msgspec

from bench import load
from bench.processes import cpu_seconds, pinned, resident_megabytes
from bench.shapes import CHAT, STREAM_SECONDS, Scenario, Shape
from bench.upstream import PAUSES

IDLE_STREAMS = 1000
IDLE_PAUSE_MS = 5000


class Target(NamedTuple):
    name: str
    port: int
    headers: dict[str, str]
    pid: int | None = None  # of the process whose cost is measured
    companions: tuple[int, ...] = ()  # on the load's core


class Measured(NamedTuple):
    cpu_us: float  # per answer
    load_busy: float  # share of the load's core
    result: load.Result


def measure(target: Target, scenario: Scenario, seconds: float) -> Measured:
    """For `seconds`, or as long as it takes to see some of the paced streams to their end."""
    spec = load.Spec(
        port=target.port,
        path=scenario.shape.path,
        headers=target.headers,
        body=scenario.body,
        connections=scenario.connections,
        seconds=max(seconds, 4 * STREAM_SECONDS) if scenario.is_paced else seconds,
        spread_seconds=STREAM_SECONDS if scenario.is_paced else 0.0,
    )
    before, beside = spent(target), sum(map(cpu_seconds, target.companions))
    result = run_load(spec)
    busy = result.cpu_seconds + sum(map(cpu_seconds, target.companions)) - beside
    return Measured((spent(target) - before) / max(result.answers, 1) * 1e6, busy / result.seconds, result)


def spent(target: Target) -> float:
    return cpu_seconds(target.pid) if target.pid else 0.0


def run_load(spec: load.Spec) -> load.Result:
    done = run_process(load_command(spec), check=True, stdout=PIPE, preexec_fn=pinned("load"))
    return msgspec.json.decode(done.stdout, type=load.Result)


def load_command(spec: load.Spec) -> list[str]:
    return [sys.executable, "-m", "bench.load", msgspec.json.encode(spec).decode()]


class Series:
    """The rounds of one target and scenario; figures are medians over them."""

    def __init__(self) -> None:
        self.rounds: list[Measured] = []

    def median(self, figure: Callable[[Measured], float]) -> float:
        return statistics.median(map(figure, self.rounds))

    @property
    def cpu_us(self) -> float:
        return self.median(lambda one: one.cpu_us)

    @property
    def load_busy(self) -> float:
        return self.median(lambda one: one.load_busy)

    def of(self, name: str) -> float:
        return self.median(lambda one: float(getattr(one.result, name)))

    @property
    def events_per_answer(self) -> float:
        return sum(one.result.events for one in self.rounds) / max(sum(one.result.answers for one in self.rounds), 1)


class Results:
    def __init__(self) -> None:
        self._series: dict[tuple[str, str], Series] = {}
        self._sent: dict[tuple[str, str], int] = {}

    def add(self, target: Target, scenario: Scenario, measured: Measured) -> None:
        self.keep(target, scenario.shape, measured.result)
        self._series.setdefault((target.name, scenario.name), Series()).rounds.append(measured)

    def keep(self, target: Target, shape: Shape, result: load.Result) -> None:
        if result.errors:
            raise SystemExit(f"This run stops: {result.errors} errors at {target.name}, the first: {result.error}")
        self._sent[target.name, shape.name] = self.sent(target.name, shape) + result.answers

    def series(self, target: str, scenario: Scenario) -> Series:
        return self._series[target, scenario.name]

    def has(self, target: str, scenario: Scenario) -> bool:
        return (target, scenario.name) in self._series

    def sent(self, target: str, shape: Shape) -> int:
        return self._sent.get((target, shape.name), 0)


def idle_streams(target: Target, results: Results) -> float:
    """Megabytes that a thousand open, silent streams add to the serving process."""
    assert target.pid is not None
    before = resident_megabytes(target.pid)
    members = {"stream": True, "max_tokens": 2 + IDLE_PAUSE_MS * PAUSES}
    spec = load.Spec(
        target.port,
        CHAT.path,
        target.headers,
        {**CHAT.body, **members},
        IDLE_STREAMS,
        seconds=0.1,
        warm_seconds=0,
    )
    with Popen(load_command(spec), stdout=PIPE, preexec_fn=pinned("load")) as process:
        time.sleep(IDLE_PAUSE_MS / 1000)  # after the last stream began, before the first ends
        during = resident_megabytes(target.pid)
        output, _ = process.communicate()
    results.keep(target, CHAT, msgspec.json.decode(output, type=load.Result))
    return during - before
