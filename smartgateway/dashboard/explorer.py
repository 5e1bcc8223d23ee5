"""Every decision, newest first, with filters; and one of them whole."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.ids import FIRST, id_at
from audit.models import RoutingDecision
from audit.models.querysets import RoutingDecisionQuerySet, start_of
from audit.models.record import PHASES as ALL_PHASES
from audit.models.record import SIGNED, STATUSES
from audit.reports import today
from routing.models import PolicyVersion
from smartgateway.completions.explaining import NamesOfThen
from smartgateway.dashboard.decisions import PHASES, row_of
from smartgateway.dashboard.explained import explained
from smartgateway.dashboard.filters import TIERS, choices, number
from smartgateway.dashboard.pages import TeamPage
from smartgateway.dashboard.periods import Period, day_of, periods

PAGE = 50
FEW_TEAMS = 20  # each costs a small query of its own
DAY, EPOCH = timedelta(days=1), date(1970, 1, 2)
NAMES = ("team", "tier", "phase", "status", "sign", "key", "version", "from", "to")
GIVEN_UP = "given_up"
SIGNS = {
    "again": ("asked again", SIGNED & Q(is_repeated_ask=True)),
    "raised": ("raised by hand", SIGNED & Q(is_raised=True)),
    "circles": ("going in circles", SIGNED & Q(repeated_tool_calls__gt=0)),
    GIVEN_UP: ("stream given up", Q(outcome__error_type="client_gone", is_stream=True)),
}


class Decisions(TeamPage):
    template_name = "dashboard/decisions.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if wanted := id_of(request.GET.get("id", "").strip()):
            return redirect("dashboard:decision", pk=wanted)
        return super().get(request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = {name: self.request.GET.get(name, "") for name in NAMES}
        before = id_of(self.request.GET.get("before", ""))
        found = page_of(asked, self.teams, before=before, limit=PAGE)
        month, names = periods(today())["month"], NamesOfThen()
        return super().get_context_data(
            **kwargs,
            rows=[row_of(decision, names.counted(decision)) for decision in found],
            asked=asked,
            query=urlencode({name: value for name, value in asked.items() if value}),
            is_filtered=any(asked.values()),
            is_unknown=bool(self.request.GET.get("id")),
            older=found[-1].pk if len(found) == PAGE else None,
            is_deep=bool(self.request.GET.get("before")),
            choices=choices(Period("", "", month.first, month.last), self.teams),
            phases=[(name, PHASES.get(name, name)) for name in ALL_PHASES],
            signs=[(name, title) for name, (title, _) in SIGNS.items()],
            statuses=[status for status in STATUSES if status != "answered"],
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Decision(TeamPage):
    """The whole page, or only its details where htmx asks for them."""

    def get_template_names(self) -> list[str]:
        return ["dashboard/_decision.html" if self.request.headers.get("HX-Request") else "dashboard/decision.html"]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        visible = RoutingDecision.objects.visible_to(self.teams).select_related("outcome")
        decision = visible.filter(pk=kwargs["pk"]).first()
        if decision is None:
            raise Http404
        return super().get_context_data(
            **kwargs, decision=decision, shown=explained(decision), time_zone=settings.REPORT_TIME_ZONE
        )


def id_of(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def narrowed(asked: Mapping[str, str], teams: frozenset[int] | None) -> RoutingDecisionQuerySet:
    rows = RoutingDecision.objects.visible_to(teams)
    for name in ("team", "key"):
        if number(asked[name]):
            rows = rows.filter(**{f"{name}_id": number(asked[name])})
    if asked["tier"] in TIERS:
        rows = rows.filter(tier="" if asked["tier"] == "other" else asked["tier"])
    if asked["phase"] in ALL_PHASES:
        rows = rows.filter(phase=asked["phase"])
    if asked["status"] in STATUSES:
        rows = rows.ended_as(asked["status"])
    if asked["sign"] in SIGNS:
        rows = rows.filter(SIGNS[asked["sign"]][1])
    if asked["sign"] == GIVEN_UP:
        rows = rows.ended_as("aborted")
    if number(asked["version"]):
        rows = of_version(rows, int(number(asked["version"])))
    return within(rows, day_of(asked["from"]), day_of(asked["to"]))


def of_version(rows: RoutingDecisionQuerySet, wanted: int) -> RoutingDecisionQuerySet:
    """Within the time of the policy's version, so that nothing else of the record is looked through."""
    version = PolicyVersion.objects.filter(number=wanted).values_list("created_at").first()
    if version is None:
        return rows.none()
    followed = PolicyVersion.objects.filter(number=wanted + 1).values_list("created_at").first()
    rows = rows.filter(policy_version=wanted, id__gte=id_at(version[0] - timedelta(minutes=1)))
    return rows.filter(id__lt=id_at(followed[0] + timedelta(days=1))) if followed else rows


def within(rows: RoutingDecisionQuerySet, first: date | None, last: date | None) -> RoutingDecisionQuerySet:
    if first:
        rows = rows.filter(id__gte=beginning(first))
    return rows.filter(id__lt=beginning(last + DAY)) if last and last < date.max else rows


def beginning(day: date) -> UUID:
    """The lower bound of the day's ids; there are none of before 1970."""
    return id_at(start_of(day, settings.REPORT_TIME_ZONE)) if day > EPOCH else FIRST


def page_of(
    asked: Mapping[str, str],
    teams: frozenset[int] | None,
    *,
    before: UUID | None,
    limit: int,
    unread: tuple[str, ...] = (),
) -> list[RoutingDecision]:
    """Keyset paging: as fast at any depth, and nothing that comes meanwhile shifts it."""
    rows = narrowed(asked, teams).defer(*unread)
    if asked["status"] in STATUSES or asked["sign"] == GIVEN_UP:
        return list(rows.newest(before=before, limit=limit, by="outcome__decision_id"))
    is_few = teams is not None and len(teams) <= FEW_TEAMS
    if asked["sign"] in SIGNS or number(asked["version"]) or not (is_few or is_of_one(asked, teams)):
        return list(rows.newest(before=before, limit=limit))
    first, last = day_of(asked["from"]), day_of(asked["to"])
    ends = [end for end in (before, beginning(last + DAY) if last and last < date.max else None) if end]
    begin, end = beginning(first) if first else FIRST, min(ends, default=None)
    if teams is not None and not is_of_one(asked, teams):
        anyones = narrowed(asked, None).defer(*unread)  # PostgreSQL misjudges one team beside a list of them
        return list(anyones.newest_of(teams, first=begin, before=end, limit=limit))
    return list(rows.newest_alike(first=begin, before=end, limit=limit))


def is_of_one(asked: Mapping[str, str], teams: frozenset[int] | None) -> bool:
    """Narrowed to what has an index of its own."""
    words = asked["tier"] in TIERS or asked["phase"] in ALL_PHASES
    return words or any(number(asked[name]) for name in ("team", "key")) or (teams is not None and len(teams) == 1)
