import json
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from audit.verification import Findings, verify


class Command(BaseCommand):
    help = "Prove the record: gaps, doubles, what does not fit, what waits in journals. Exit status 1 on any trouble."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--json", action="store_true", dest="as_json")

    def handle(self, *, as_json: bool, **options: Any) -> None:
        findings = verify(Path(settings.AUDIT_JOURNAL_DIR))
        self.stdout.write(_json(findings) if as_json else _text(findings))
        if not findings.is_clean:
            sys.exit(1)


def _json(findings: Findings) -> str:
    return json.dumps(
        {
            "ok": findings.is_clean,
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
