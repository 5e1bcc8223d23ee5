"""Sends recorded requests through the gateway's own path and says where they went."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import aclosing
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit import recording
from routing import connections, policies, prices
from routing.evaluation import UnreadableRowError, costs, figures
from smartgateway.completions.replaying import Replayed, replayed
from smartgateway.keys.models import ApiKey
from smartgateway.keys.snapshots import KeySnapshot, snapshot_of

BAR = 30
NOBODY = KeySnapshot(0, "replay", "", 0, "replay", requests_per_minute=10**9)


class Command(BaseCommand):
    help = "Routes recorded requests as the gateway would now: distribution, coverage, agreement, cost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "file", type=Path, help="JSON lines with messages, and tools, model and label_tier if known."
        )
        parser.add_argument(
            "--call", action="store_true", help="Call the models as well, and record it: this costs money."
        )
        parser.add_argument("--key", default="", help="With --call: the name of the API key to ask with.")
        parser.add_argument("--answer-tokens", type=int, default=400, help="Output to reckon with (default: 400).")

    def handle(self, *, file: Path, call: bool, key: str, answer_tokens: int, **options: Any) -> None:
        rows = list(rows_in(file))
        try:
            policies.current(), prices.current()  # the first call reads rows: not in the event loop
        except policies.PolicyMissingError as exc:
            raise CommandError("No policy is published: run `manage.py bootstrap` first.") from exc
        who = asking_key(key) if call else NOBODY
        try:
            found = asyncio.run(self.replay(rows, who, call, answer_tokens))
        except UnreadableRowError as exc:
            raise CommandError(f"{file}: {exc}") from exc
        self.stdout.write("\n".join(lines(found, is_called=call, answer_tokens=answer_tokens)))

    async def replay(self, rows: list[Any], key: KeySnapshot, call: bool, answer_tokens: int) -> list[Replayed]:
        if call:
            await recording.start()
        await connections.start()
        found: list[Replayed] = []
        try:
            async with aclosing(replayed(rows, key, is_called=call, answer_tokens=answer_tokens)) as each:
                async for one in each:
                    found.append(one)
                    self.progress(len(found), len(rows))
        finally:
            await connections.aclose()
            if call:
                await recording.close()
        return found

    def progress(self, done: int, of: int) -> None:
        if self.stderr.isatty():
            bar = ("#" * (BAR * done // of)).ljust(BAR)
            self.stderr.write(f"\r[{bar}] {done:,} of {of:,}", ending="\n" if done == of else "")


def rows_in(file: Path) -> Iterator[Any]:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(f"{file} cannot be read: {exc}") from exc
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield json.loads(line)
        except json.JSONDecodeError as exc:
            raise CommandError(f"{file}, line {number}: {exc}") from exc


def asking_key(name: str) -> KeySnapshot:
    keys = ApiKey.objects.usable().select_related("team").order_by("pk")
    key = keys.filter(name=name).first() if name else keys.first()
    if key is None:
        raise CommandError("No usable API key of that name: `manage.py create_api_key NAME` makes one.")
    return snapshot_of(key)


def lines(found: list[Replayed], *, is_called: bool, answer_tokens: int) -> Iterator[str]:
    rows = [one.judged for one in found if one.judged]
    yield f"{len(found):,} requests" + (", called and recorded" if is_called else ", routed only")
    yield from counted("tier", Counter(row.tier.value for row in rows), len(found))
    yield from counted("phase", Counter(one.phase for one in found if one.judged), len(found))
    yield from counted("not served", Counter(one.error for one in found if one.error), len(found))
    if not rows:
        return
    sums = figures(rows)
    yield f"{'coverage of the rules':<34}{sums.decided / sums.rows:>8.1%}"
    if sums.graded:
        agreeing = sum(row.tier is row.label for row in rows if row.label)
        yield f"{'agreement with the labels':<34}{agreeing / sums.graded:>8.1%}  of {sums.graded:,}"
    for name, cost in costs(rows).items():
        yield f"{'estimated cost, ' + name:<34}{money(cost):>12}"
    yield f"Estimated with {answer_tokens} tokens of output each."
    if is_called:
        known = [one.cost for one in found if one.judged]
        yield f"{'really spent':<34}{money(None if None in known else sum(filter(None, known), Decimal(0))):>12}"


def counted(title: str, counts: Counter[str], of: int) -> Iterator[str]:
    for name, count in counts.most_common():
        yield f"{title + ' ' + name:<34}{count:>8,}{count / of:>8.1%}"


def money(amount: Decimal | None) -> str:
    return "unknown" if amount is None else f"{amount:.4f} USD"
