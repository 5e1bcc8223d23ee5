"""Routes labelled requests with the published policy and says how well."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from routing import policies
from routing.engine.types import Policy
from routing.evaluation import Judged, UnreadableRowError, judged_lines, report

COLUMNS = {
    "rows": "rows",
    "graded": "graded",
    "coverage": "decided",
    "accuracy_sides": "local/Claude",
    "accuracy_tiers": "three tiers",
    "agreement_sides": "all, sides",
    "agreement_tiers": "all, tiers",
    "called_local": "called local",
    "local_precision": "rightly",
}


class Command(BaseCommand):
    help = "Routes labelled requests by the published policy: coverage, accuracy, confusion, latency, cost."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="JSON lines with messages, tools, label_tier and source.")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")
        parser.add_argument(
            "--answer-tokens",
            type=int,
            default=400,
            help="Output to reckon with where a row has no measured cost (default: 400).",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            policy = policies.current()
        except policies.PolicyMissingError as exc:
            raise CommandError("No policy is published: run `manage.py bootstrap` first.") from exc
        rows = judged_rows(options["file"], policy, options["answer_tokens"])
        if not rows:
            raise CommandError(f"{options['file']} holds no request.")
        found = {"policy_version": policy.version, **report(rows)}
        lines = [json.dumps(found, indent=2)] if options["json"] else tables(found, options["answer_tokens"])
        self.stdout.write("\n".join(lines))


def judged_rows(file: Path, policy: Policy, answer_tokens: int) -> list[Judged]:
    try:
        return list(judged_lines(file.read_text(), policy, num_ctx=settings.LOCAL_NUM_CTX, answer=answer_tokens))
    except (OSError, UnicodeDecodeError) as exc:
        raise CommandError(f"{file} cannot be read: {exc}") from exc
    except UnreadableRowError as exc:
        raise CommandError(f"{file}, {exc}") from exc


def tables(found: Mapping[str, Any], answer_tokens: int) -> Iterator[str]:
    yield f"Policy {found['policy_version']}, rules alone. Accuracy: of what they decided; agreement: of all."
    yield ""
    yield f"{'':<20}" + "".join(f"{title:>14}" for title in COLUMNS.values())
    for name, shares in found["groups"].items():
        yield f"{name:<20}" + "".join(f"{shown(shares[column]):>14}" for column in COLUMNS)
    yield ""
    yield f"{'label / decided':<20}" + "".join(f"{given:>14}" for given in found["confusion"]["local"])
    for label, row in found["confusion"].items():
        yield f"{label:<20}" + "".join(f"{count:>14}" for count in row.values())
    yield ""
    yield f"{'band':<20}{'graded':>14}{'label local':>14}{'precision':>14}"
    for name, band in found["bands"].items():
        yield f"{name:<20}" + "".join(f"{shown(band[key]):>14}" for key in ("graded", "label_local", "precision"))
    yield from of_quality(found["cost_quality"])
    yield ""
    yield "Phase 1, µs of CPU: " + ", ".join(f"{name} {value:g}" for name, value in found["phase1_us"].items())
    costs = (f"{name} {'unknown' if cost is None else f'{cost:.2f}'}" for name, cost in found["cost_usd"].items())
    yield f"Cost in USD, with {answer_tokens} tokens of output where none was measured: " + ", ".join(costs)


def of_quality(found: Mapping[str, Any]) -> Iterator[str]:
    if found["ways"]:
        yield ""
        yield f"{'quality, ' + str(found['rows']) + ' rows':<20}{'mean':>14}{'good enough':>14}{'USD':>14}"
    for name, way in found["ways"].items():
        cost = "unknown" if way["cost_usd"] is None else f"{way['cost_usd']:.2f}"
        yield f"{name:<20}{way['quality']:>14.3f}{shown(way['good']):>14}{cost:>14}"


def shown(value: float | int | None) -> str:
    return "-" if value is None else f"{value:.1%}" if isinstance(value, float) else str(value)
