"""What a page shows, as files: the figures themselves, and the rows of the reports that they are sums of."""

import csv
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from io import StringIO
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from audit.latency import Histogram, percentile
from smartgateway.dashboard.figures import COUNTS, HISTOGRAMS, MONEY, PERCENTILES, TOKENS
from smartgateway.dashboard.filters import Filters
from smartgateway.dashboard.tables import Row, tables

DIMENSIONS = ["day", "team_name", "key_name", "tier", "served_model", "is_agentic"]
BESIDE_TAGS = ["phase", "policy_version"]  # which the reports by tag do not tell apart
SECONDS = ["duration", "overhead", "classifier_duration"]
SUMS = [*(f"{name}_count" for name in COUNTS), *TOKENS, *MONEY, *SECONDS]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def as_file(wanted: str, asked: Filters, teams: frozenset[int] | None) -> HttpResponse:
    if wanted == "json":
        return _json(asked, teams)
    if wanted == "figures":
        lines = figure_lines(tables(asked, teams))
        return _csv(f"{_named(asked)}-figures.csv", ["table", "row", "name", "measure", "value"], lines)
    rows = rows_of(asked, teams)
    columns = [*dimensions(asked), *SUMS, *(column for name in HISTOGRAMS for column in percentiles(name, []))]
    return _csv(f"{_named(asked)}.csv", columns, (row.values() for row in rows))


def figure_lines(found: Mapping[str, Sequence[Row]]) -> Iterable[tuple[Any, ...]]:
    """One for each number: `timings, 1, Whole answer, p95_seconds, 4.2`. Two keys may have one name, but no row."""
    for table, rows in found.items():
        for number, row in enumerate(rows, start=1):
            name, *measures = row.items()
            yield from ((table, number, name[1], measure, told(measure, value)) for measure, value in measures)


def told(measure: str, value: Any) -> Any:
    """An amount that nobody knows is not nothing."""
    return "unknown" if value is None and measure.endswith("_usd") else value


def rows_of(asked: Filters, teams: frozenset[int] | None) -> Iterable[Row]:
    """One for each day, team, key, tier, model and so on; money in USD, durations in seconds."""
    told_apart = dimensions(asked)
    for row in asked.rows(teams).order_by(*told_apart).values(*told_apart, *SUMS, *HISTOGRAMS).iterator():
        kept = {name: row[name] for name in (*told_apart, *SUMS)}
        for name in HISTOGRAMS:
            kept |= percentiles(name, row[name])
        yield kept


def dimensions(asked: Filters) -> list[str]:
    return DIMENSIONS if asked.tag else [*DIMENSIONS, *BESIDE_TAGS]


def percentiles(name: str, counted: Histogram) -> dict[str, float | None]:
    """`latency_p95_seconds` and the like, of one row's answers."""
    of, unit = name.removesuffix("_histogram"), HISTOGRAMS[name][1]
    return {f"{of}_p{share * 100:.0f}_seconds": percentile(counted, share, unit) for share in PERCENTILES}


def harmless(value: Any) -> Any:
    """A name is never read as a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def csv_lines(rows: Iterable[Iterable[Any]]) -> str:
    written = StringIO()
    csv.writer(written).writerows([harmless(value) for value in row] for row in rows)
    return written.getvalue()


def plain(value: date | Decimal) -> str:
    """What JSON has no word for."""
    return value.isoformat() if isinstance(value, date) else str(value)


def attached(name: str) -> dict[str, str]:
    return {"Content-Disposition": f'attachment; filename="{name}"'}


def _csv(name: str, columns: Sequence[str], rows: Iterable[Iterable[Any]]) -> HttpResponse:
    lines = csv_lines([columns]) + csv_lines(rows)
    return HttpResponse(lines, content_type="text/csv; charset=utf-8", headers=attached(name))


def _json(asked: Filters, teams: frozenset[int] | None) -> HttpResponse:
    document = {
        "from": asked.period.first,
        "to": asked.period.last,
        "time_zone": settings.REPORT_TIME_ZONE,
        "currency": "USD",
        "filters": asked.narrowing,
        "figures": tables(asked, teams),
        "rows": list(rows_of(asked, teams)),
    }
    content = json.dumps(document, default=plain)
    return HttpResponse(content, content_type="application/json", headers=attached(f"{_named(asked)}.json"))


def _named(asked: Filters) -> str:
    return f"smartgateway-{asked.period.first}-{asked.period.last}"
