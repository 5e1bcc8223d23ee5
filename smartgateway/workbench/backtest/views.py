"""The pages of backtests: begun here, watched while they run, and read when they are done."""

import time
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from audit.reports import today
from routing import policies
from routing.models import PolicyVersion
from routing.route import LOCAL_FIRST
from smartgateway.dashboard.periods import periods
from smartgateway.workbench.backtest import running
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.backtest.retrial import Retrial
from smartgateway.workbench.backtest.rows import newest
from smartgateway.workbench.backtest.shown import Shown
from smartgateway.workbench.backtest.sums import Sums
from smartgateway.workbench.backtest.wanted import DEFAULT, RefusedError, content_of, days_in, number_of
from smartgateway.workbench.noted import note_begun, note_moved
from smartgateway.workbench.pages import AdminPage, AdminView

PREVIEWED = 10_000
PREVIEW_STEP = 1_000
PREVIEW_SECONDS = 0.8
LISTED = 20


class Backtests(AdminPage):
    """What can be tried on which days, a first look at the draft, and what was tried before."""

    template_name = "workbench/backtest/backtests.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        listed = Backtest.objects.defer("content", "sums")
        kwargs.setdefault("asked", self.request.GET)
        return super().get_context_data(
            **kwargs,
            versions=PolicyVersion.objects.defer("content")[:LISTED],
            in_force=policies.in_force(),
            problems=list(policies.problems(policies.draft_content())),
            changes=policies.draft_changes(),
            periods=[period for period in periods(today()).values() if period.name != "yesterday"],
            period=kwargs["asked"].get("period", DEFAULT),
            shadows=listed.filter(last_day=None).unfinished(),
            backtests=listed.exclude(pk__in=listed.filter(last_day=None).unfinished().values("pk"))[:LISTED],
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Begin(Backtests):
    """Starts a backtest of some days, or a shadow from now on; or shows again what was asked for, and why not."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        version, is_shadow = number_of(request.POST.get("policy", "")), "shadow" in request.POST
        try:
            content = content_of(version)
            days = None if is_shadow else days_in(request.POST, today())
        except RefusedError as refused:
            return self.render_to_response(self.get_context_data(refused=refused, asked=request.POST))
        return self._shadow(content, version) if days is None else _begun(request, content, days, version)

    def _shadow(self, content: policies.Content, version: int) -> HttpResponse:
        """One of each policy: a second one would find what the first does."""
        running_one = Backtest.objects.filter(digest=policies.digest_of(content), last_day=None).unfinished().first()
        if running_one is None:
            return _begun(self.request, content, (today(), None), version)
        messages.warning(self.request, "This very policy runs in shadow already: this is it.")
        return redirect("workbench:backtest_result", pk=running_one.pk)


class BeginRouting(AdminView):
    """Tries the policy in force as if it routed, whatever its mode."""

    def post(self, request: HttpRequest) -> HttpResponse:
        serving = policies.in_force()
        if serving is None:
            raise Http404
        try:
            days = days_in(request.POST, today())
        except RefusedError as refused:
            messages.error(request, refused.reason)
            return redirect("workbench:observed")
        content = {**serving.content, "enabled": True, "mode": LOCAL_FIRST}
        name = f"Version {serving.number}, routing"
        return _begun(request, content, days, serving.number, name)


class Result(AdminPage):
    """The whole page, or for htmx what changes while it runs."""

    def get_template_names(self) -> list[str]:
        whole = "workbench/backtest/result.html"
        return ["workbench/backtest/_result.html" if self.request.headers.get("HX-Request") else whole]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        backtest = Backtest.objects.filter(pk=kwargs["pk"]).first()
        if backtest is None:
            raise Http404
        now, then = timezone.now(), in_force_at(backtest.created_at)
        return super().get_context_data(
            **kwargs,
            backtest=backtest,
            shown=Shown(Sums.from_json(backtest.sums)) if backtest.sums else None,
            seconds_left=running.seconds_of(backtest, now),
            then=then,
            days_query=urlencode({"from": backtest.first_day, "to": backtest.last_day or today()}),
            changes=policies.changes(then.content if then else None, backtest.content),
            is_draft_still=not backtest.version and policies.digest_of(policies.draft_content()) == backtest.digest,
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Stop(AdminView):
    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        backtest = Backtest.objects.filter(pk=pk).first()
        if backtest is None:
            raise Http404
        end = running.stop(backtest)
        if end:
            note_moved(request, backtest, end)
        return redirect("workbench:backtest_result", pk=pk)


class Preview(AdminView):
    """The newest requests under the draft or a version, at once: as many as fit into the time."""

    def get(self, request: HttpRequest) -> HttpResponse:
        version = number_of(request.GET.get("policy", ""))
        try:
            content = content_of(version)
        except RefusedError as refused:
            return render(request, "workbench/backtest/_preview.html", {"refused": refused})
        began = time.monotonic()
        retrial, sums = Retrial(running.policy_of(content, policies.digest_of(content), version)), Sums()
        is_cut = False
        for rows in newest(PREVIEWED, PREVIEW_STEP):
            retrial.try_again(rows, sums)
            if time.monotonic() - began > PREVIEW_SECONDS:
                is_cut = sums.total.requests < PREVIEWED
                break
        return render(request, "workbench/backtest/_preview.html", {"shown": Shown(sums), "is_cut": is_cut})


def _begun(
    request: HttpRequest, content: policies.Content, days: tuple[date, date | None], version: int, name: str = ""
) -> HttpResponse:
    backtest = running.begun(content, days, request.user.get_username(), version, name)
    last = backtest.last_day or "in shadow, until it is stopped"
    note_begun(request, backtest, policy=backtest.title, first_day=backtest.first_day, last_day=last)
    run_later(backtest.pk)
    return redirect("workbench:backtest_result", pk=backtest.pk)


def run_later(pk: int) -> None:
    """Without a broker it waits until beat finds it. Celery is loaded here alone: it makes a process 7 MB larger."""
    from kombu.exceptions import OperationalError

    from smartgateway.celery import app

    app.loader.import_default_modules()
    with suppress(OperationalError):
        app.tasks["smartgateway.workbench.tasks.run_backtest_task"].delay(backtest_id=pk)


def in_force_at(moment: datetime) -> PolicyVersion | None:
    """The newest version of then that can be loaded."""
    return policies.in_force(PolicyVersion.objects.filter(created_at__lte=moment))
