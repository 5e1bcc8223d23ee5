"""What routing would have saved and risked, of requests that were served as they were asked."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import QuerySet

from audit.models import BypassReport, DailyReport, RoutingDecision
from audit.reports import today
from audit.reports.measures import IS_BYPASSED
from routing import policies
from routing.engine.automatic import OBSERVE_MODE
from routing.engine.types import LADDER
from smartgateway.completions.explaining import NamesOfThen
from smartgateway.dashboard.decisions import DecisionRow, row_of
from smartgateway.dashboard.groups import summed
from smartgateway.dashboard.periods import chosen, periods
from smartgateway.workbench.pages import AdminPage

LOOKED_AT = 2_000  # newest requests among which the least sure are looked for
SHOWN = 10
RUNGS = ("local", "haiku", "sonnet", "opus")  # from the cheapest, Haiku asked for by name among them
SUMMED = ("request_count", "cost", "saving", "unknown_count")


@dataclass(frozen=True, slots=True)
class Move:
    """`is_lower` where a cheaper tier would have answered: that is the risk."""

    name: str
    tier: str
    auto_tier: str
    requests: int
    cost: Decimal
    saving: Decimal
    unknown: int  # requests that are not in `saving`

    @property
    def known_cost(self) -> Decimal | None:
        """None where no cost is known, or it is nothing and the other way's is not: reports do not tell these apart."""
        return None if self.requests <= self.unknown and not self.cost else self.cost

    @property
    def known_saving(self) -> Decimal | None:
        """None where no request has a known saving: that is not nothing."""
        return None if self.requests <= self.unknown and not self.saving else self.saving

    @property
    def is_lower(self) -> bool:
        return self.tier in RUNGS and RUNGS.index(self.auto_tier) < RUNGS.index(self.tier)


class Observed(AdminPage):
    template_name = "workbench/observed.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        period = chosen(self.request.GET, today(), "week")
        reports = DailyReport.objects.between(period.first, period.last)
        rows = BypassReport._default_manager.filter(day__range=(period.first, period.last))
        found, serving = moves(rows), policies.in_force()
        return super().get_context_data(
            **kwargs,
            is_observing=serving is not None and serving.content.get("mode") == OBSERVE_MODE,
            period=period,
            periods=periods(today()).values(),
            total=reports.totals(),
            moves=found,
            lower=sum(move.requests for move in found if move.is_lower),
            teams=by_team(rows),
            doubtful=least_sure(),
            time_zone=settings.REPORT_TIME_ZONE,
        )


def moves(rows: "QuerySet[BypassReport]") -> list[Move]:
    summary: Any = rows.values("tier", "auto_tier").annotate(**summed(SUMMED))
    return [_move("", row) for row in summary.order_by("-total_request_count")]


def by_team(rows: "QuerySet[BypassReport]") -> list[Move]:
    summary: Any = rows.values("team_name").annotate(**summed(SUMMED))
    found = [{"tier": "", "auto_tier": "", **row} for row in summary.order_by("-total_saving")]
    return [_move(row["team_name"], row) for row in found]


def _move(name: str, row: dict[str, Any]) -> Move:
    return Move(name, row["tier"], row["auto_tier"], *(row[f"total_{each}"] for each in SUMMED))


def least_sure() -> list[DecisionRow]:
    """Of the newest answers that auto would have left to the local model, those of which the rules were least sure."""
    newest = RoutingDecision.objects.filter(IS_BYPASSED, outcome__status="answered").order_by("-id")[:LOOKED_AT]
    found = [
        (confidence, key)
        for key, confidence, tier, auto_tier in newest.values_list("id", "confidence", "tier", "auto_tier")
        if auto_tier == LADDER[0] != tier
    ]
    keys = [key for _, key in sorted(found)[:SHOWN]]
    decisions = RoutingDecision.objects.select_related("outcome").in_bulk(keys)
    names = NamesOfThen()
    return [row_of(decisions[key], names.counted(decisions[key])) for key in keys if key in decisions]
