"""A backtest over many recorded decisions: `python -m bench.backtest --rows 1000000`, on SQLite or PostgreSQL.

The history is synthetic, but no two of its 20,000 kinds of request measure alike, and nothing is remembered of one
decision for the next. One process, one core: rows a second, and how its memory grows.
"""

import argparse
import random
import resource
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any
from unittest.mock import patch

from bench.databases import CHOICES, analyse, databases, prepared
from bench.processes import ROOT

PER_DAY = 110_000
KINDS = 20_000
PREVIEWED = 10_000
DRAFTS: dict[str, dict[str, Any]] = {
    "thresholds moved": {"thresholds": {"opus_score_threshold": 0.3, "simple_task_chars": 1_500, "named_files": 2}},
    "phrases taken away": {"without": {"simple_task": ("explain", "rename", "format"), "deep_reasoning": ("prove",)}},
    "phrases added, no text kept": {"more": {"deep_reasoning": {"linearizable": 0.5, "race condition": 0.4}}},
}


def main() -> None:
    options = arguments()
    if options.step:
        setup()
        fill(options.rows) if options.step == "fill" else measured()
        return
    for title, address, _ in databases(options.database):
        measure(title, address, options.rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.backtest", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="decisions in the record (default: 1,000,000)")
    parser.add_argument("--database", choices=CHOICES, default="postgresql")
    parser.add_argument("--step", choices=("fill", "measure"), help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(title: str, address: str, rows: int) -> None:
    """In processes of their own: Django knows one database, and what fills it in takes memory."""
    environment = prepared(address)
    print(f"\n{title}", flush=True)
    for step in ("fill", "measure"):
        command = [sys.executable, "-m", "bench.backtest", "--step", step, "--rows", str(rows)]
        subprocess.run(command, cwd=ROOT, env=environment, check=True)


def setup() -> None:
    import django

    django.setup()


def measured() -> None:
    from audit.models import RoutingDecision

    total = RoutingDecision.objects.count()
    print(f"{total:,} decisions{'':<22}{'seconds':>9}{'rows/s':>10}{'CPU µs':>9}{'MB more':>9}{'exact':>8}")
    for title, changes in DRAFTS.items():
        tried(title, changes)


def fill(rows: int) -> None:
    from smartgateway.dashboard.samples import history

    days = 1 + round(rows / PER_DAY * 7 / 5.5)
    with patch.object(history, "samples", varied), patch.object(history, "PROTOTYPES", KINDS):
        for _ in history.seed(days, min(PER_DAY, rows)):
            pass
    analyse()


def varied(count: int, seed: int) -> list[Any]:
    """Synthetic requests of which no two measure alike, each decided by what it measures."""
    from smartgateway.dashboard.samples.exchanges import samples

    draw = random.Random(seed)
    found = samples(count, seed)
    for sample in found:
        vary(sample.decision, draw)
    return found


def vary(decision: Any, draw: random.Random) -> None:
    import msgspec

    from routing import policies
    from routing.engine.automatic import NeedsVerdict, decide_automatically
    from routing.engine.signals import compute_routing_signals
    from routing.engine.types import Tier, Verdict
    from smartgateway.completions.remembered import decode, made_from

    policy = policies.current()
    features, surroundings = made_from(decision.features, policy.models["local"])
    more = draw.randrange(30_000)
    features = features._replace(
        ask_chars=features.ask_chars + draw.randrange(4_000),
        prose_chars=features.prose_chars + draw.randrange(400),
        total_chars=features.total_chars + more,
        estimated_tokens=features.estimated_tokens + more // 3,
        files=draw.choice((0, 0, 0, 1, 2, 6)),
        turns=features.turns + draw.randrange(8),
    )
    decision.features = msgspec.msgpack.encode((features.pack(), decode(decision.features)[1]))
    if decision.phase == "explicit":
        return
    decided = decide_automatically(features, policy, surroundings)
    if isinstance(decided, NeedsVerdict):
        verdict = Verdict(draw.choices((Tier.LOCAL, Tier.SONNET, Tier.OPUS), (45, 45, 10))[0])
        decision.classifier_state, decision.classifier_tier = "miss", verdict.tier
        decided = decide_automatically(features, policy, surroundings, verdict)
    else:
        decision.classifier_state = decision.classifier_tier = ""
    decision.tier, decision.provider_name, decision.model = decided.tier, decided.provider, decided.model
    decision.phase, decision.band = decided.phase, compute_routing_signals(features, policy, surroundings).band


def tried(title: str, changes: dict[str, Any]) -> None:
    from audit.ids import END, FIRST
    from smartgateway.workbench.backtest.retrial import Retrial
    from smartgateway.workbench.backtest.rows import chunks, newest
    from smartgateway.workbench.backtest.sums import Sums

    policy = draft(changes)
    Retrial(policy).try_again(next(chunks(FIRST, END)), Sums())  # what is made once
    before, cpu, started = peak(), time.process_time(), time.perf_counter()
    retrial, sums = Retrial(policy), Sums()
    for chunk in chunks(FIRST, END):
        retrial.try_again(chunk, sums)
    seconds, cpu = time.perf_counter() - started, time.process_time() - cpu
    rows = sums.total.requests
    exact = 1 - sums.total.undecided / rows
    speed = f"{seconds:>9.1f}{rows / seconds:>10,.0f}{cpu / rows * 1e6:>9.1f}"
    print(f"{title:<40}{speed}{peak() - before:>9.1f}{exact:>8.1%}", flush=True)
    started = time.perf_counter()
    retrial = Retrial(policy)
    for chunk in newest(PREVIEWED, 1_000):
        retrial.try_again(chunk, Sums())
    print(f"{f'  preview of the newest {PREVIEWED:,}':<40}{time.perf_counter() - started:>9.2f}", flush=True)


def draft(changes: dict[str, Any]) -> Any:
    from routing import policies
    from routing.models import PolicyVersion

    content = policies.draft_content()
    content["thresholds"].update(changes.get("thresholds", {}))
    for name, texts in changes.get("without", {}).items():
        for text in texts:
            content["phrases"][name].pop(text, None)
    for name, weights in changes.get("more", {}).items():
        content["phrases"][name].update(weights)
    return policies.frozen(PolicyVersion(number=0, content=content, digest=policies.digest_of(content)))


def peak() -> float:
    """MB this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
