"""The figures as tables: by scenario, and against the goals."""

from typing import NamedTuple

from bench.scenarios import IDLE_STREAMS, Results
from bench.shapes import EVENTS, PACED, SCENARIOS, STREAMED, WHOLE, Streamed
from bench.verdict import Verdict

FLOOR = "bare pass-through"
TARGETS = ("direct", FLOOR, "gateway")
COLUMNS = ("per s", "p50 ms", "p95", "p99", "first")


class Figure(NamedTuple):
    name: str
    value: float
    must: float
    goal: float
    is_least: bool = False  # more is better

    def row(self) -> str:
        sign = "≥" if self.is_least else "≤"
        word = "missed"
        for limit, meets in ((self.must, "must"), (self.goal, "goal")):
            if self.value >= limit if self.is_least else self.value <= limit:
                word = f"meets the {meets}"
        return (
            f"{self.name:60}{number(self.value):>9}{sign + number(self.must):>9}{sign + number(self.goal):>9}  {word}"
        )


def number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2f}"


def show(results: Results, verdict: Verdict) -> None:
    for scenario in SCENARIOS:
        print(f"\n{scenario.name}")
        print(
            f"{'':20}{'CPU µs':>9}{'to floor':>10}" + "".join(f"{name:>9}" for name in COLUMNS) + f"{'load busy':>11}"
        )
        for target in TARGETS:
            if results.has(target, scenario):
                print(row(results, target, scenario))
    print(f"\n{'against the goals':60}{'gateway':>9}{'must':>9}{'goal':>9}")
    for figure in figures(results, verdict):
        print(figure.row())
    record = verdict.record
    print(
        f"\n{verdict.sent} requests, {record.decisions} decisions and {record.outcomes} outcomes in the database "
        f"{verdict.shipped_seconds:.1f} s after the last answer, {verdict.syncs} disk syncs."
    )
    for complaint in verdict.complaints:
        print(f"This run does not count: {complaint}.")


def of_streams(results: Results, kind: Streamed) -> list[Figure]:
    """What a stream costs above the same answer, whole: at once for a burst, after as long for a paced one."""
    whole, burst, waited, paced = (results.series("gateway", scenario) for scenario in kind[1:])
    return [
        Figure(
            f"a burst of {EVENTS} adds, µs: {kind.shape.name}", burst.cpu_us - whole.cpu_us, kind.shape.most_us, 200
        ),
        Figure(
            f"a paced event, µs: {kind.shape.name}", (paced.cpu_us - waited.cpu_us) / paced.events_per_answer, 60, 35
        ),
    ]


def row(results: Results, target: str, scenario: object) -> str:
    series = results.series(target, scenario)  # type: ignore[arg-type]
    ratio = series.cpu_us / results.series(FLOOR, scenario).cpu_us  # type: ignore[arg-type]
    times = "".join(f"{series.of(name):9.2f}" for name in ("p50", "p95", "p99", "first_p50"))
    cost = f"{series.cpu_us:9.0f}{ratio:10.2f}" if target != "direct" else f"{'':19}"
    return f"{target:20}{cost}{series.of('per_second'):9.0f}{times}{series.load_busy:11.0%}"


def figures(results: Results, verdict: Verdict) -> list[Figure]:
    single, many, most = (results.series("gateway", WHOLE[count]) for count in WHOLE)
    paced = results.series("gateway", PACED)
    added = single.of("p50") - results.series("direct", WHOLE[1]).of("p50")
    first = paced.of("first_p50") - results.series("direct", PACED).of("first_p50")
    listed = [
        Figure("CPU µs per JSON request, 32 at once", many.cpu_us, 350, 250),
        Figure("JSON requests a second on one core, 32 at once", many.of("per_second"), 2600, 3600, is_least=True),
        Figure("CPU per request at 128 against 32 at once", most.cpu_us / many.cpu_us, 1.3, 1.0),
        Figure("added median at 1 connection, ms", added, 2.2, 1.5),
        *(figure for kind in STREAMED for figure in of_streams(results, kind)),
        Figure("added time to the first event, 32 streams, ms", first, 1.5, 1.5),
        Figure("shipper, CPU µs per request", verdict.shipper_us, 150, 150),
        Figure("serving process, MB", verdict.resident_mb, 110, 110),
    ]
    if verdict.idle_mb:
        listed.append(Figure(f"{IDLE_STREAMS} open streams add, MB", verdict.idle_mb, 80, 80))
    return listed
