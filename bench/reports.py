"""The reports and pages over many rows: `python -m bench.reports`, on SQLite and on PostgreSQL.

A synthetic history is filled in, a day of 110,000 is rebuilt, and pages are asked for as an admin asks for them.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress

from bench.databases import CHOICES, analyse, databases, prepared
from bench.processes import ROOT

PER_DAY = 110_000
PAGES = {
    "dashboard, 30 days": "/dashboard/?period=month",
    "dashboard, 30 days, one team": "/dashboard/?period=month&team=-1",
    "dashboard, 30 days, one tag": "/dashboard/?period=month&tag=review",
    "statement": "/dashboard/statement/?period=month",
    "explorer": "/dashboard/decisions/?{deep}",
    "explorer, one team": "/dashboard/decisions/?team=-2{deep}",
    "explorer, one key": "/dashboard/decisions/?key=-402{deep}",
    "explorer, one tier": "/dashboard/decisions/?tier=opus{deep}",
    "explorer, one phase": "/dashboard/decisions/?phase=session{deep}",
    "explorer, a tier that never was": "/dashboard/decisions/?tier=haiku{deep}",
    "explorer, a phase that never was": "/dashboard/decisions/?phase=disabled{deep}",
    "explorer, failed": "/dashboard/decisions/?status=failed{deep}",
    "explorer, interrupted": "/dashboard/decisions/?status=interrupted{deep}",
    "explorer, team and tier": "/dashboard/decisions/?team=-2&tier=opus{deep}",
}
RUNS = 25


def main() -> None:
    options = arguments()
    if options.measure:
        measured(options.rows)
        return
    for title, address, _ in databases(options.database):
        measure(title, address, options.rows)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.reports", description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000, help="requests in the record (default: 1,000,000)")
    parser.add_argument("--database", choices=CHOICES, default="both")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(title: str, address: str, rows: int) -> None:
    """In a process of its own: Django knows one database."""
    print(f"\n{title}, {rows:,} requests", flush=True)
    command = [sys.executable, "-m", "bench.reports", "--measure", "--rows", str(rows)]
    subprocess.run(command, cwd=ROOT, env=prepared(address), check=True)


def measured(rows: int) -> None:
    import django

    django.setup()
    from audit.reports import rebuild_daily_report
    from smartgateway.dashboard import samples

    days = 1 + round(rows / PER_DAY * 7 / 5.5)  # a weekend's day has a quarter
    started = time.perf_counter()
    filled = list(samples.seed(days, PER_DAY))
    line("filled in, requests a second", sum(count for _, count in filled) / (time.perf_counter() - started), "{:,.0f}")
    analyse()
    busiest = max(filled, key=lambda day: day[1])
    for day, _ in filled:
        seconds = timed(lambda day=day: rebuild_daily_report(day))
        if day == busiest[0]:
            line(f"a day of {busiest[1]:,} rebuilt, s", seconds, "{:.2f}")
    pages(rows)


def pages(rows: int) -> None:
    from django.contrib.auth.models import User
    from django.test import Client

    from audit.models import RoutingDecision
    from smartgateway.api.collector import spare_the_collector

    client = Client(headers={"host": "localhost"})
    client.force_login(User.objects.filter(is_superuser=True).get())
    answered(client, PAGES["statement"])  # what a process loads once
    spare_the_collector()  # as the serving process does
    deep = RoutingDecision.objects.order_by("pk")[rows // 20].pk
    print(f"{'milliseconds':<44}{'p50':>9}{'p95':>9}")
    for title, path in PAGES.items():
        depths = {"": ""} if "{deep}" not in path else {", newest": "", ", 95 % down": f"&before={deep}"}
        for depth, before in depths.items():
            address = path.format(deep=before)
            times = sorted(timed(lambda address=address: answered(client, address)) * 1000 for _ in range(RUNS))
            print(f"{title + depth:<44}{times[RUNS // 2]:>9.1f}{times[int(RUNS * 0.95)]:>9.1f}", flush=True)


def answered(client: object, address: str) -> None:
    response = client.get(address)  # type: ignore[attr-defined]
    assert response.status_code == 200, (address, response.status_code)


def timed(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def line(title: str, value: float, form: str) -> None:
    print(f"{title:<44}{form.format(value):>9}", flush=True)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
