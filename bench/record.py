"""What a recorded request costs after its answer: `python -m bench.record`, on SQLite and on PostgreSQL.

Requests as in the synthetic history go through a journal, the shipper and its chain, and are proven again.
"""

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from bench.databases import CHOICES, databases, prepared
from bench.processes import ROOT
from bench.reports import line
from bench.tables import Figure

if TYPE_CHECKING:
    from audit.records import Record

PROTOTYPES = 1_000
WARM = 2_000  # requests, whose cost is that of a process that begins
TABLES = ("audit_routingdecision", "audit_attempt", "audit_outcome")
RANDOM_ID = "{}_{:024x}"  # as long as Claude's own ids


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.record", description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--database", choices=CHOICES, default="both")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        measured(options.requests)
        return
    for title, address, folder in databases(options.database):
        measure(title, address, folder / f"journal of {title}", options.requests)


def measure(title: str, address: str, journals: Path, requests: int) -> None:
    print(f"\n{title}, {requests:,} requests shipped", flush=True)
    environment = prepared(address) | {"AUDIT_JOURNAL_DIR": str(journals)}
    command = [sys.executable, "-m", "bench.record", "--measure", "--requests", str(requests)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)


def measured(requests: int) -> None:
    import django

    django.setup()
    journals = Path(os.environ["AUDIT_JOURNAL_DIR"])
    journals.mkdir()
    ship(journals, WARM)
    cpu_us = ship(journals, requests)
    print(f"{'':52}{'gateway':>9}{'must':>9}{'goal':>9}")
    print(Figure("shipper, CPU µs per request", cpu_us, 150, 100).row())
    if room := bytes_a_request():
        print(Figure("bytes a request in PostgreSQL, indexes included", room, 1200, 1200).row(), flush=True)
    prove(journals)


def ship(journals: Path, requests: int) -> float:
    """The shipper's CPU µs per request."""
    from audit.journal import Journal
    from audit.shipper import Shipper

    journal = Journal(journals, lambda group, error: None, max_bytes=1 << 40)
    journal.start()
    for record in recorded(requests):
        journal.append(record, None)
    journal.close()
    shipper, started = Shipper(journals), time.process_time()
    shipper.discover()
    while shipper.ship() or shipper.retire():
        shipper.discover()
    return (time.process_time() - started) / requests * 1e6


def recorded(requests: int) -> "Iterator[Record]":
    """Each with ids of its own, those of its upstream included."""
    from audit.ids import new_id
    from audit.records import AttemptIntent
    from smartgateway.dashboard.samples.exchanges import samples

    prototypes = samples(PROTOTYPES, seed=1)
    for number in range(requests):
        decision, outcome = prototypes[number % PROTOTYPES]
        own, now = new_id(), time.time()
        ids = {each.id: new_id() for each in [*outcome.attempts, decision.first_attempt] if each}
        renewed = {"decision_id": own, "started_at": now}
        attempts = [
            msgspec.structs.replace(each, **renewed, **upstream_ids(each.provider_name, number), id=ids[each.id])
            for each in outcome.attempts
        ]
        first = decision.first_attempt and msgspec.structs.replace(
            decision.first_attempt, **renewed, id=ids[decision.first_attempt.id]
        )
        yield msgspec.structs.replace(decision, id=own, created_at=now, first_attempt=first)
        for later in attempts[1:]:
            yield AttemptIntent(*msgspec.structs.astuple(later)[: len(AttemptIntent.__struct_fields__)])
        yield msgspec.structs.replace(outcome, id=own, created_at=now, attempts=attempts)


def upstream_ids(provider: str, number: int) -> dict[str, str]:
    if provider == "local":
        return {"response_id": RANDOM_ID.format("chatcmpl", number)}
    return {"response_id": RANDOM_ID.format("msg", number), "upstream_request_id": RANDOM_ID.format("req", number)}


def bytes_a_request() -> float:
    """Of decision, attempts and outcome; 0 where the database does not say."""
    from django.db import connection

    if connection.vendor != "postgresql":
        return 0.0
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
        cursor.execute(
            "SELECT sum(pg_total_relation_size(name::regclass)) / (SELECT count(*) FROM audit_routingdecision)"
            " FROM unnest(%s::text[]) AS name",
            [list(TABLES)],
        )
        return float(cursor.fetchone()[0])


def prove(journals: Path) -> None:
    from audit.models import RoutingDecision
    from audit.verification import verify

    before, started = peak_megabytes(), time.perf_counter()
    findings = verify(journals)
    seconds = time.perf_counter() - started
    line("proven again, requests a second", RoutingDecision.objects.count() / seconds, "{:,.0f}")
    line("which took more memory, MB", peak_megabytes() - before, "{:,.0f}")
    if not findings.is_clean:
        raise SystemExit(f"The record is not whole: {findings.troubles[:3]}")


def peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
