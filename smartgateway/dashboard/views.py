from collections.abc import Iterable
from datetime import date
from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import UserPassesTestMixin
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views.generic import View

from audit.reports import days_between, rebuild_daily_report, today
from routing.models import AdminChange
from smartgateway.dashboard.bypassing import bypassed
from smartgateway.dashboard.expectations import compared
from smartgateway.dashboard.exports import as_file
from smartgateway.dashboard.figures import Figures, figures
from smartgateway.dashboard.filters import KINDS, TIERS, Filters, choices, filters, number
from smartgateway.dashboard.groups import Group
from smartgateway.dashboard.pages import StrictPolicyMixin, TeamPage
from smartgateway.dashboard.periods import day_of, machine_cost, periods
from smartgateway.keys.models import Team
from smartgateway.keys.roles import visible_teams

MOST_DAYS = 31
WORDS = {"kind": "asked by"}


class Overview(TeamPage):
    template_name = "dashboard/overview.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        day = today()
        asked = filters(self.request.GET, day)
        shown = figures(asked, self.teams)
        expected = compared(asked, shown, self.teams)
        return super().get_context_data(
            **kwargs,
            expected=expected,
            left=[each for each in expected if each.is_left],
            periods=periods(day).values(),
            period=asked.period,
            filters=asked,
            only=only(asked, shown),
            choices=choices(asked.period, self.teams),
            figures=shown,
            bypassed=bypassed(asked, self.teams),
            tier_titles=TIERS.values(),
            trend=trend(shown),
            most_days=MOST_DAYS,
            rebuilt=number(self.request.GET.get("rebuilt", "")),
            recorded=Team.objects.visible_to(self.teams).recording_text(),
            scope=scope(self.teams),
            machine_cost=machine_cost(asked.period, settings.LOCAL_MONTHLY_COST),
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Statement(TeamPage):
    """A period on paper: what was spent and saved, by whom and on what."""

    template_name = "dashboard/statement.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        asked = filters(self.request.GET, today(), default="last-month")
        shown = figures(asked, self.teams)
        return super().get_context_data(
            **kwargs,
            filters=asked,
            only=only(asked, shown),
            period=asked.period,
            figures=shown,
            scope=scope(self.teams),
            machine_cost=machine_cost(asked.period, settings.LOCAL_MONTHLY_COST),
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Export(TeamPage):
    """What the overview shows, and the rows that it sums, to reckon with elsewhere."""

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        refusal = self.refusal(request)
        if refusal is not None:
            return refusal
        return as_file(request.GET.get("format", ""), filters(request.GET, today()), self.teams)


class Rebuild(StrictPolicyMixin, UserPassesTestMixin, View):
    """An admin makes the reports of a range of days anew; a worker does it where there is one."""

    def test_func(self) -> bool:
        return visible_teams(self.request.user) is None

    def post(self, request: HttpRequest) -> HttpResponse:
        first, last = day_of(request.POST.get("from", "")), day_of(request.POST.get("to", ""))
        if first is None or last is None or first > last:
            return HttpResponse("from and to are days, in that order", status=400, content_type="text/plain")
        days = list(days_between(first, min(last, today())))[-MOST_DAYS:]
        if len(days) == 1:
            rebuild_daily_report(days[0])
        elif not rebuild_later(days):
            words = "Redis cannot be reached, so no worker hears of it. One day at a time works without."
            return HttpResponse(words, status=503, content_type="text/plain")
        if days:
            note_rebuilt(days, request.user.get_username())
        return redirect(f"{reverse('dashboard:overview')}?from={first}&to={last}&rebuilt={len(days)}")


def note_rebuilt(days: list[date], author: str) -> None:
    name = " to ".join(f"{day}" for day in sorted({days[0], days[-1]}))
    AdminChange.objects.note(
        AdminChange.Action.CHANGED, "daily report", author=author, name=name, note="Built anew from the record."
    )


def rebuild_later(days: Iterable[date]) -> bool:
    """Whether the queue took it. Celery is loaded here alone: it makes a serving process 7 MB larger."""
    from kombu.exceptions import OperationalError

    from smartgateway.celery import app

    app.loader.import_default_modules()
    try:
        for day in days:
            app.tasks["audit.tasks.rebuild_daily_report_task"].delay(day=day.isoformat())
    except OperationalError:
        return False
    return True


class SignIn(StrictPolicyMixin, LoginView):
    template_name = "dashboard/sign_in.html"
    redirect_authenticated_user = True


def scope(teams: frozenset[int] | None) -> str:
    """Whose figures these are, in words."""
    if teams is None:
        return "All teams"
    return ", ".join(Team.objects.filter(pk__in=teams).values_list("name", flat=True))


def only(asked: Filters, shown: Figures) -> list[str]:
    """What the figures are narrowed to, in words."""
    names = {"team": dict(named(shown.teams)), "key": dict(named(shown.keys)), "kind": KINDS, "tier": TIERS}
    return [
        f"{WORDS.get(name, name)} {names.get(name, {}).get(value, value)}" for name, value in asked.narrowing.items()
    ]


def named(groups: list[Group]) -> list[tuple[str, str]]:
    return [(group.value, group.title) for group in groups]


def trend(shown: Figures) -> dict[str, Any]:
    """The days as the charts' script reads them."""
    return {
        "days": [f"{day.day:%a} {day.day.day} {day.day:%b}" for day in shown.days],
        "tiers": [
            {"name": name, "title": title, "requests": [day.requests[name] for day in shown.days]}
            for name, title in TIERS.items()
        ],
        "spent": [round(float(day.cost), 4) for day in shown.days],
        "saved_high": [round(float(day.saved_high), 4) for day in shown.days],
        "saved": [round(float(day.saved), 4) for day in shown.days],
    }
