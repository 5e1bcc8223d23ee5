import json
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from audit.verification import Findings, Period, heads, parsed, verify

ON_TRUST = (
    "Taken on trust: the code of the last record before that time, by which the first one was judged. "
    "Only the whole record, without --since, is proven from its beginning."
)


class Command(BaseCommand):
    help = "Prove the record: gaps, changes, doubles, what does not fit, what waits in journals. Exit status 1 if so."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--since", type=_moment, metavar="TIME", help="ISO, UTC unless it says otherwise")
        parser.add_argument("--until", type=_moment, metavar="TIME")
        parser.add_argument("--json", action="store_true", dest="as_json")
        parser.add_argument("--heads", action="store_true", help="only print where each chain ends, to keep elsewhere")
        parser.add_argument("--heads-file", metavar="FILE", help="compare with heads that were kept; - for stdin")

    def handle(self, **options: Any) -> None:
        if options["heads"]:
            self.stdout.write("\n".join(heads()))
            return
        period = Period(options["since"], options["until"])
        if options["heads_file"] and not period.is_all:
            raise CommandError("Kept heads are compared with the whole record: leave out --since and --until.")
        findings = verify(Path(settings.AUDIT_JOURNAL_DIR), period, _kept(options["heads_file"]))
        self.stdout.write(_json(findings) if options["as_json"] else _text(findings))
        if not findings.is_from_the_beginning and not options["as_json"]:
            self.stdout.write(ON_TRUST)
        if not findings.is_clean:
            sys.exit(1)


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _kept(path: str | None) -> Any:
    if path is None:
        return None
    try:
        return parsed(sys.stdin if path == "-" else Path(path).read_text().splitlines())
    except (OSError, ValueError) as exc:
        raise CommandError(f"{path}: {exc}") from exc


def _json(findings: Findings) -> str:
    return json.dumps(
        {
            "ok": findings.is_clean,
            "is_from_the_beginning": findings.is_from_the_beginning,
            "counts": findings.counts,
            "found": findings.found,
            "troubles": [trouble._asdict() for trouble in findings.troubles],
        }
    )


def _text(findings: Findings) -> str:
    lines = [f"{name:>18} {count:>10,}" for name, count in findings.counts.items()]
    lines += [f"{trouble.kind}: {trouble.where}: {trouble.detail}" for trouble in findings.troubles]
    hidden = sum(findings.found.values()) - len(findings.troubles)
    lines += [f"and {hidden:,} more"] if hidden else []
    return "\n".join([*lines, "The record is whole." if findings.is_clean else "The record is NOT whole."])
