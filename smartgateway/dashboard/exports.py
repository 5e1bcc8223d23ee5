"""What a page shows, as files."""

import csv
import json
from datetime import date
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import HttpResponse

from audit.models.querysets import DailyReportQuerySet
from smartgateway.dashboard.figures import COUNTS, MONEY, TOKENS
from smartgateway.dashboard.filters import Filters
from smartgateway.dashboard.groups import summed

DIMENSIONS = ["day", "team_name", "key_name", "tier", "served_model", "is_agentic"]
BESIDE_TAGS = ["phase", "policy_version"]  # which the reports by tag do not tell apart
SUMS = [*(f"{name}_count" for name in COUNTS), *TOKENS, *MONEY]
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def dimensions(filters: Filters) -> list[str]:
    return DIMENSIONS if filters.tag else [*DIMENSIONS, *BESIDE_TAGS]


def rows_of(reports: DailyReportQuerySet, told_apart: list[str]) -> list[dict[str, Any]]:
    """One for each day, team, key, tier, model and so on; money in USD."""
    found: Any = reports.order_by().values("team_id", "key_id", *told_apart).annotate(**summed(SUMS))
    return [
        {**{name: row[name] for name in told_apart}, **{name: row[f"total_{name}"] for name in SUMS}}
        for row in found.order_by(*told_apart)
    ]


def as_csv(filters: Filters, reports: DailyReportQuerySet) -> HttpResponse:
    response = HttpResponse(content_type="text/csv; charset=utf-8", headers=_attached(filters, "csv"))
    told_apart = dimensions(filters)
    writer = csv.DictWriter(response, [*told_apart, *SUMS])
    writer.writeheader()
    writer.writerows({name: _harmless(value) for name, value in row.items()} for row in rows_of(reports, told_apart))
    return response


def as_json(filters: Filters, reports: DailyReportQuerySet) -> HttpResponse:
    document = {
        "from": filters.period.first,
        "to": filters.period.last,
        "time_zone": settings.REPORT_TIME_ZONE,
        "currency": "USD",
        "filters": filters.narrowing,
        "rows": rows_of(reports, dimensions(filters)),
    }
    return HttpResponse(
        json.dumps(document, default=_plain), content_type="application/json", headers=_attached(filters, "json")
    )


def _plain(value: date | Decimal) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def _harmless(value: Any) -> Any:
    """A name is never read as a formula by a spreadsheet."""
    return f"'{value}" if isinstance(value, str) and value.startswith(FORMULA) else value


def _attached(filters: Filters, ending: str) -> dict[str, str]:
    name = f"smartgateway-{filters.period.first}-{filters.period.last}.{ending}"
    return {"Content-Disposition": f'attachment; filename="{name}"'}
