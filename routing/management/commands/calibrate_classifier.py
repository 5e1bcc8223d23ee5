"""Asks a local model about labelled requests, as Phase 2 would, and says how well and how fast it sorts them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from routing import policies
from routing.calibration import CannotCalibrateError, Labelled, calibrated, labelled, report


class Command(BaseCommand):
    help = "How well and how fast a local model classifies labelled requests, before Phase 2 trusts it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON lines with messages and label_tier.")
        parser.add_argument(
            "--model", default="", help="A model of the local server (default: the policy's classifier)."
        )
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *, file: Path, model: str, **options: Any) -> None:
        try:
            policy = policies.current()
        except policies.PolicyMissingError as exc:
            raise CommandError("No policy is published: run `manage.py bootstrap` first.") from exc
        rows, asked = list(rows_in(file)), model or policy.models["classifier"]
        if not rows:
            raise CommandError(f"{file} holds no request.")
        try:
            found = report(list(calibrated(rows, policy, asked)), asked)
        except CannotCalibrateError as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write(json.dumps(found, indent=2) if options["json"] else "\n".join(lines(found)))


def rows_in(file: Path) -> Iterator[Labelled]:
    try:
        text = file.read_text()
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(f"{file} cannot be read: {exc}") from exc
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            yield labelled(json.loads(line))
        except (json.JSONDecodeError, CannotCalibrateError) as exc:
            raise CommandError(f"{file}, line {number}: {exc}") from exc


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"{found['model']}: {found['rows']:,} requests, {found['graded']:,} with a label"
    for name, title in {
        "agreement": "agrees with the label",
        "too_weak": "names a weaker tier",
        "too_strong": "names a stronger tier",
        "answered": "answers in the right form and time",
    }.items():
        yield f"{title:<36}{'-' if found[name] is None else format(found[name], '.1%'):>8}"
    yield f"{'too slow':<36}{found['timeouts']:>8,}"
    yield f"{'not in the right form':<36}{found['invalid']:>8,}"
    for error, count in found["errors"].items():
        yield f"{error:<36}{count:>8,}"
    yield "latency, ms: " + ", ".join(f"{name} {value:g}" for name, value in found["latency_ms"].items())
    yield ""
    yield f"{'label / said':<14}" + "".join(f"{said:>8}" for said in found["confusion"]["local"])
    for label, row in found["confusion"].items():
        yield f"{label:<14}" + "".join(f"{count:>8}" for count in row.values())
