"""What an admin tunes by: a month of rules, phrases and doubts, and the decisions behind each."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from audit.models import DailyReport, PromptText, RoutingDecision
from routing import policies
from routing.engine.naming import HOLDING
from routing.engine.types import Policy
from smartgateway.completions.explaining import NamesOfThen
from smartgateway.dashboard.decisions import DecisionRow, row_of
from smartgateway.keys.models import Team
from smartgateway.workbench.evidence.dearest import dearest_in
from smartgateway.workbench.evidence.histograms import histograms, unmeasured
from smartgateway.workbench.evidence.month import DAYS, Month, Row, month
from smartgateway.workbench.evidence.places import THRESHOLDS, WITH_PAGES, links_of, list_links, lists_of
from smartgateway.workbench.evidence.reading import MOST
from smartgateway.workbench.later import AWAY, later
from smartgateway.workbench.noted import note_asked
from smartgateway.workbench.pages import AdminPage, AdminView

SHOWN_PHRASES = 60


class Evidence(AdminPage):
    template_name = "workbench/evidence.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        policy = current_policy()
        found = month(policy)
        return super().get_context_data(
            **kwargs,
            month=found,
            **self._dearest(found),
            histograms=histograms(found.distances, policy),
            unmeasured=unmeasured(found.distances),
            lists=list_links({row.list_name for row in found.phrases} | {name for name, _ in found.silent_phrases}),
            most=MOST,
            shown_phrases=SHOWN_PHRASES,
            time_zone=settings.REPORT_TIME_ZONE,
        )

    def _dearest(self, found: Month) -> dict[str, Any]:
        """Of all teams or of one, and only those whose text is kept if that is asked for."""
        teams, is_kept = teams_of(found), self.request.GET.get("text") == "kept"
        team = next((each for each in teams if str(each) == self.request.GET.get("team")), 0)
        ids = dearest_in(found.first, found.last, team, is_kept=is_kept)
        keeping = set(Team.objects.recording_text().values_list("pk", flat=True))
        named = [(each, name, each in keeping) for each, name in teams.items()]
        return {"dearest": with_text(ids), "teams": named, "team": team, "is_kept": is_kept}


class Rule(AdminPage):
    """One rule: where its numbers are changed, how near it comes, and the newest decisions that fired it."""

    template_name = "workbench/rule.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        policy, name = current_policy(), kwargs["name"]
        found = month(policy)
        row = next((row for row in found.rules if row.name == name), None)
        if row is None and name not in WITH_PAGES:
            raise Http404
        return super().get_context_data(
            **kwargs,
            month=found,
            row=row,
            histograms=histograms(found.distances, policy, THRESHOLDS.get(name, ())),
            links=links_of(name),
            in_force=policies.in_force(),
            phrases=[(each, each in HOLDING.get(name, ()), phrases_of(found, each)) for each in lists_of(name)],
            rows=rows_of(row.examples) if row else [],
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Doubt(AdminPage):
    """One group of ambiguous requests."""

    template_name = "workbench/doubt.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        wanted = self.request.GET.get("group", "")
        row = next((row for row in month(current_policy()).doubts if row.name == wanted), None)
        if row is None:
            raise Http404
        return super().get_context_data(
            **kwargs,
            row=row,
            rows=with_text(row.dearest),
            kept=[] if set(row.dearest_kept) <= set(row.dearest) else with_text(row.dearest_kept),
            time_zone=settings.REPORT_TIME_ZONE,
        )


class Summarise(AdminView):
    """An admin does not wait for the next turn of beat; a worker does it where there is one."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        if later("summarise_evidence_task"):
            note_asked(request, "evidence", f"the last {DAYS} days", "Summed up now.")
        else:
            messages.error(request, AWAY)
        return redirect("workbench:evidence")


def teams_of(found: Month) -> dict[int, str]:
    """Names by id, those that are gone included, as far as the days' reports know them."""
    reports = DailyReport.objects.between(found.first, found.last).order_by("day")
    gone = dict(reports.values_list("team_id", "team_name").distinct())
    named = gone | dict(Team.objects.values_list("pk", "name"))
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


def current_policy() -> Policy | None:
    try:
        return policies.current()
    except policies.PolicyMissingError:
        return None


def phrases_of(found: Month, list_name: str) -> list[Row]:
    return [phrase for phrase in found.phrases if phrase.list_name == list_name]


def rows_of(ids: Iterable[UUID]) -> list[DecisionRow]:
    """In the order of the ids; what the record no longer holds is left out."""
    found = RoutingDecision.objects.select_related("outcome").in_bulk(list(ids))
    names = NamesOfThen()
    return [row_of(found[key], names.counted(found[key])) for key in ids if key in found]


def with_text(ids: list[UUID]) -> list[tuple[DecisionRow, PromptText | None]]:
    """Beside each decision what was asked, where its team keeps that."""
    texts = PromptText.objects.in_bulk(ids)
    return [(row, texts.get(row.id)) for row in rows_of(ids)]
