"""What is asked of each target, and how it is measured."""

import statistics
import sys
import time
from collections.abc import Callable
from subprocess import PIPE, Popen
from subprocess import run as run_process
from typing import Any, NamedTuple

import msgspec

from bench import load
from bench.processes import cpu_seconds, pinned, resident_megabytes

EVENTS = 50
IDLE_STREAMS = 1000
IDLE_PAUSE_MS = 5000
PAUSE_MS = 10
SYSTEM = (
    "You are a helpful assistant for software developers. Answer in plain words and keep to the point. Use short code "
    "blocks where they help, name the language of each, and say so when you are not sure of something."
)
ASK = (
    "Explain what a Python list comprehension does. Show how it is read from left to right, how a condition at its "
    "end leaves elements out, and what it looks like written as a loop. Keep the answer short, use plain words, and "
    "give one example with numbers and one with words"
)
BODY = {
    "model": "auto",
    "messages": [{"role": "system", "content": SYSTEM}, {"role": "user", "content": ASK}],
    "temperature": 0.2,
}


class Scenario(NamedTuple):
    name: str
    connections: int
    members: dict[str, Any]

    @property
    def body(self) -> dict[str, Any]:
        return {**BODY, **self.members}


WHOLE = {count: Scenario(f"JSON, {count} at once", count, {}) for count in (1, 32, 128)}
BURST = Scenario(f"{EVENTS} events in a burst, 32 at once", 32, {"stream": True, "max_tokens": EVENTS})
STREAM_SECONDS = EVENTS * PAUSE_MS / 1000
PACED = Scenario(
    f"{EVENTS} events {PAUSE_MS} ms apart, 32 at once", 32, {"stream": True, "max_tokens": EVENTS, "seed": PAUSE_MS}
)
SCENARIOS = [*WHOLE.values(), BURST, PACED]


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
        path="/v1/chat/completions",
        headers=target.headers,
        body=scenario.body,
        connections=scenario.connections,
        seconds=max(seconds, 4 * STREAM_SECONDS) if scenario == PACED else seconds,
        spread_seconds=STREAM_SECONDS if scenario == PACED else 0.0,
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
        self._all: list[tuple[str, load.Result]] = []

    def add(self, target: Target, scenario: Scenario, measured: Measured) -> None:
        self.keep(target, measured.result)
        self._series.setdefault((target.name, scenario.name), Series()).rounds.append(measured)

    def keep(self, target: Target, result: load.Result) -> None:
        if result.errors:
            raise SystemExit(f"This run stops: {result.errors} errors at {target.name}, the first: {result.error}")
        self._all.append((target.name, result))

    def series(self, target: str, scenario: Scenario) -> Series:
        return self._series[target, scenario.name]

    def has(self, target: str, scenario: Scenario) -> bool:
        return (target, scenario.name) in self._series

    def sent(self, target: str) -> int:
        return sum(result.answers for name, result in self._all if name == target)


def idle_streams(target: Target, results: Results) -> float:
    """Megabytes that a thousand open, silent streams add to the serving process."""
    assert target.pid is not None
    before = resident_megabytes(target.pid)
    members = {"stream": True, "max_tokens": 2, "seed": IDLE_PAUSE_MS}
    spec = load.Spec(
        target.port,
        "/v1/chat/completions",
        target.headers,
        {**BODY, **members},
        IDLE_STREAMS,
        seconds=0.1,
        warm_seconds=0,
    )
    with Popen(load_command(spec), stdout=PIPE, preexec_fn=pinned("load")) as process:
        time.sleep(IDLE_PAUSE_MS / 1000)  # after the last stream began, before the first ends
        during = resident_megabytes(target.pid)
        output, _ = process.communicate()
    results.keep(target, msgspec.json.decode(output, type=load.Result))
    return during - before
