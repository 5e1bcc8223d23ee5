"""The decisions that the list was narrowed to, as a file: newest first, block by block, whatever their number."""

import json
from collections.abc import AsyncGenerator, Iterator, Mapping
from decimal import Decimal
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponseBase, StreamingHttpResponse

from audit.models import Outcome, RoutingDecision
from routing.engine.naming import Texts
from smartgateway.completions.explaining import NamesOfThen
from smartgateway.dashboard.decisions import row_of
from smartgateway.dashboard.explorer import NAMES, id_of, page_of
from smartgateway.dashboard.exports import attached, csv_lines, plain
from smartgateway.dashboard.pages import TeamPage
from smartgateway.dashboard.tables import Row

MOST = 50_000
BLOCK = 500
UNREAD = ("candidates", "ask_digest", "mac")
FIRST = ("id", "created_at", "team", "key", "asked", "why")
OWN = (
    *("end_user", "face", "phase", "band", "tier", "model", "policy_version", "auto_tier", "tags"),
    *("is_human_ask", "is_agentic", "is_housekeeping", "is_repeated_ask", "is_raised", "repeated_tool_calls"),
)
ENDED = ("status", "error_type", "served_tier", "served_model", "fallback_causes")
COUNTED = (
    *("fresh_input_tokens", "cache_read_input_tokens", "cache_write_5m_input_tokens", "cache_write_1h_input_tokens"),
    "output_tokens",
)
COSTS = ("cost", "classifier_cost", "baseline_requested", "baseline_requested_high", "cache_saved")
SECONDS = ("time_to_first_chunk", "duration", "overhead")


class ExportDecisions(TeamPage):
    """What the list shows of each decision, and what came of it; never what was asked."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # type: ignore[override]
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        asked = {name: request.GET.get(name, "") for name in (*NAMES, "before")}
        if request.GET.get("format") == "json":
            return _file("json", "application/json", as_json(asked, blocks(asked, self.teams)))
        return _file("csv", "text/csv; charset=utf-8", as_csv(blocks(asked, self.teams)))


async def blocks(asked: Mapping[str, str], teams: frozenset[int] | None) -> AsyncGenerator[list[Row] | UUID]:
    """The rows, some hundred at a time; at last the id from which more could be asked for, where there are more."""
    read, names = sync_to_async(block_of), NamesOfThen()
    before, left = id_of(asked["before"]), MOST
    while found := await read(asked, teams, before, min(BLOCK, left) or 1, names):
        if not left:
            assert before is not None
            yield before
            return
        yield found
        before, left = UUID(found[-1]["id"]), left - len(found)


def block_of(
    asked: Mapping[str, str], teams: frozenset[int] | None, before: UUID | None, limit: int, names: NamesOfThen
) -> list[Row]:
    found = page_of(asked, teams, before=before, limit=limit, unread=UNREAD)
    return [row_for(decision, names.counted(decision)) for decision in found]


async def as_csv(found: AsyncGenerator[list[Row] | UUID]) -> AsyncGenerator[str]:
    yield csv_lines([COLUMNS])
    async for block in found:
        if isinstance(block, UUID):
            yield csv_lines([[f"There are more: ask again with before={block}"]])
        else:
            yield csv_lines(told(row) for row in block)


async def as_json(asked: Mapping[str, str], found: AsyncGenerator[list[Row] | UUID]) -> AsyncGenerator[str]:
    narrowing = {name: value for name, value in asked.items() if value}
    yield f'{{"currency": "USD", "filters": {json.dumps(narrowing)}, "decisions": ['
    separator, more = "\n", None
    async for block in found:
        if isinstance(block, UUID):
            more = str(block)
        else:
            yield separator + ",\n".join(json.dumps(row, default=plain) for row in block)
            separator = ",\n"
    yield f'\n], "more_before": {json.dumps(more)}}}\n'


def told(row: Row) -> Iterator[Any]:
    """A cost that nobody knows says so; it is not nothing."""
    for name, value in row.items():
        is_unknown = value is None and row["status"] and name in ("cost_usd", "classifier_cost_usd")
        yield "unknown" if is_unknown else " ".join(value) if isinstance(value, list) else value


def row_for(decision: RoutingDecision, texts: Texts) -> Row:
    shown = row_of(decision, texts)
    who = (str(decision.pk), decision.created_at.isoformat(), decision.team_name, decision.key_name)
    first = dict(zip(FIRST, (*who, shown.asked, shown.why), strict=True))
    own = {name: getattr(decision, name) for name in OWN}
    came = came_of(outcome := getattr(decision, "outcome", None))
    was_asked = decision.classifier_input_tokens or decision.classifier_output_tokens
    if outcome and outcome.classifier_cost is None and not was_asked:
        came["classifier_cost_usd"] = Decimal(0)
    return first | own | came


def came_of(outcome: Outcome | None) -> Row:
    """The same columns where there is no outcome yet, empty."""
    found: Row = {name: getattr(outcome, name, None) for name in (*ENDED, *COUNTED)}
    found |= {f"{name}_usd": getattr(outcome, name, None) for name in COSTS}
    return found | {f"{name}_seconds": getattr(outcome, name, None) for name in SECONDS}


COLUMNS = (*FIRST, *OWN, *came_of(None))


def _file(ending: str, content_type: str, text: AsyncGenerator[str]) -> StreamingHttpResponse:
    headers = attached(f"smartgateway-decisions.{ending}")
    return StreamingHttpResponse(text, content_type=content_type, headers=headers)
