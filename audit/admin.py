"""The record, to look at: nothing here can be added, changed or deleted."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display
from unfold.paginator import InfinitePaginator

from audit import presentation
from audit.models import Attempt, DailyReport, Outcome, Refusal, RoutingDecision, Writer
from audit.models.record import PHASES, STATUSES, TIERS

TIER_COLOURS = {"local": "success", "haiku": "info", "sonnet": "warning", "opus": "danger"}
STATUS_COLOURS = {
    "answered": "success",
    "open": "info",
    "refused": "warning",
    "aborted": "warning",
    "failed": "danger",
    "interrupted": "danger",
}


class WordFilter(admin.SimpleListFilter):
    """Of a fixed set of words: nothing is asked of the database to draw it."""

    field = ""
    words: list[str] = []

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(word, word.replace("_", " ")) for word in self.words if word]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.field: self.value()}) if self.value() else queryset


class TierFilter(WordFilter):
    title = "tier"
    parameter_name = field = "tier"
    words = TIERS


class PhaseFilter(WordFilter):
    title = "phase"
    parameter_name = field = "phase"
    words = PHASES


class StatusFilter(WordFilter):
    title = "outcome"
    parameter_name = "outcome"
    field = "outcome__status"
    words = STATUSES


class RecordAdmin(ModelAdmin):
    """Viewing only, and without ever counting a table."""

    paginator = InfinitePaginator
    show_full_result_count = False
    list_per_page = 50
    sortable_by: tuple[str, ...] = ()
    ordering: tuple[str, ...] = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


@admin.register(RoutingDecision)
class RoutingDecisionAdmin(RecordAdmin):
    list_display = ("made_at", "who", "asked_for", "chosen_tier", "served", "by_phase", "why", "result", "took", "cost")
    list_filter = (TierFilter, PhaseFilter, StatusFilter)
    list_select_related = ("outcome",)
    search_fields = ("id",)
    search_help_text = "A decision's id, or the exact name of a team, key, model, session or end user."
    fieldsets = (
        (None, {"fields": ("summary",)}),
        ("Why", {"fields": ("reasons_table", "candidates_table")}),
        ("What came of it", {"fields": ("attempts_table", "outcome_table")}),
        ("Request", {"fields": ("request_table",)}),
    )
    readonly_fields = (
        "summary",
        "reasons_table",
        "candidates_table",
        "outcome_table",
        "attempts_table",
        "request_table",
    )

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        try:
            return queryset.filter(pk=UUID(term)), False
        except ValueError:
            names = ("team_name", "key_name", "requested_model", "model", "session_id", "end_user")
            return queryset.filter(Q(*[(name, term) for name in names], _connector=Q.OR)), False

    @display(description="time (UTC)")
    def made_at(self, decision: RoutingDecision) -> str:
        return f"{decision.created_at:%Y-%m-%d %H:%M:%S}"

    @display(description="team and key", header=True)
    def who(self, decision: RoutingDecision) -> list[str]:
        return [decision.team_name, decision.key_name]

    @display(description="asked for")
    def asked_for(self, decision: RoutingDecision) -> str:
        return decision.requested_model or "auto"

    @display(description="tier", label=TIER_COLOURS)
    def chosen_tier(self, decision: RoutingDecision) -> str:
        return decision.tier or "none"

    @display(description="answered by")
    def served(self, decision: RoutingDecision) -> str:
        outcome = presentation.outcome_of(decision)
        return (outcome and outcome.served_model) or "-"

    @display(description="phase")
    def by_phase(self, decision: RoutingDecision) -> str:
        return presentation.words(decision.phase)

    @display(description="reasons")
    def why(self, decision: RoutingDecision) -> str:
        return presentation.fired_rules(decision)

    @display(description="outcome", label=STATUS_COLOURS)
    def result(self, decision: RoutingDecision) -> str:
        return presentation.status_of(decision)

    @display(description="took")
    def took(self, decision: RoutingDecision) -> str:
        outcome = presentation.outcome_of(decision)
        return presentation.seconds(outcome.duration) if outcome else "-"

    @display(description="cost")
    def cost(self, decision: RoutingDecision) -> str:
        outcome = presentation.outcome_of(decision)
        return presentation.usd(outcome.cost) if outcome else "-"

    @display(description="In one sentence")
    def summary(self, decision: RoutingDecision) -> str:
        return presentation.sentence(decision)

    @display(description="Rules")
    def reasons_table(self, decision: RoutingDecision) -> SafeString:
        return presentation.reasons_table(decision)

    @display(description="Candidates")
    def candidates_table(self, decision: RoutingDecision) -> SafeString:
        return presentation.candidates_table(decision)

    @display(description="Outcome")
    def outcome_table(self, decision: RoutingDecision) -> SafeString:
        return presentation.outcome_table(decision)

    @display(description="Attempts")
    def attempts_table(self, decision: RoutingDecision) -> SafeString:
        return presentation.attempts_table(decision)

    @display(description="As it came in")
    def request_table(self, decision: RoutingDecision) -> SafeString:
        return presentation.request_table(decision)


@admin.register(Attempt)
class AttemptAdmin(RecordAdmin):
    list_display = ("started_at", "decision_id", "number", "tier", "request_model", "status", "error_type", "duration")
    list_filter = (TierFilter,)


@admin.register(Outcome)
class OutcomeAdmin(RecordAdmin):
    list_display = ("created_at", "decision_id", "status", "error_type", "served_model", "cost", "duration")
    ordering = ("-decision_id",)


@admin.register(Refusal)
class RefusalAdmin(RecordAdmin):
    list_display = ("created_at", "team_id", "key_id", "face", "http_status", "error_type", "message")


@admin.register(Writer)
class WriterAdmin(RecordAdmin):
    list_display = ("host", "pid", "started_at", "sequence", "seen_at", "finished_at")


@admin.register(DailyReport)
class DailyReportAdmin(RecordAdmin):
    list_display = (
        "day",
        "team_name",
        "key_name",
        "tier",
        "served_model",
        "phase",
        "policy_version",
        "request_count",
        "cost",
        "saved_requested",
        "unknown_cost_count",
    )
    list_filter = (TierFilter, PhaseFilter)
    ordering = ("-day", "-id")
