"""The record, to look at: nothing here can be added, changed or deleted."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from audit.models import Attempt, DailyReport, Feedback, Outcome, Refusal, Removal, RoutingDecision, Writer
from audit.models.record import PHASES, STATUSES, TIERS
from audit.presentation import columns, tables


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
    list_display = (
        columns.made_at,
        columns.who,
        columns.asked_for,
        columns.chosen_tier,
        columns.served,
        columns.by_phase,
        columns.why,
        columns.result,
        columns.took,
        columns.cost,
    )
    list_filter = (TierFilter, PhaseFilter, StatusFilter)
    list_select_related = ("outcome",)
    search_fields = ("id",)
    search_help_text = "A decision's id, or the exact name of a team, key, model, session or end user."
    fieldsets = (
        (None, {"fields": (tables.summary, tables.explained)}),
        ("Why", {"fields": (tables.reasons_table, tables.candidates_table)}),
        ("What came of it", {"fields": (tables.attempts_table, tables.outcome_table)}),
        ("Request", {"fields": (tables.request_table,)}),
    )
    readonly_fields = tuple(field for _, options in fieldsets for field in options["fields"])

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


@admin.register(Removal)
class RemovalAdmin(RecordAdmin):
    """The tombstones: which records retention took away, and when."""

    list_display = ("removed_at", "writer", "first", "last", "records")
    list_select_related = ("writer",)
    fields = ("writer", "first", "last", "records", "removed_at")
    readonly_fields = fields

    @admin.display(description="records")
    def records(self, removal: Removal) -> int:
        return removal.last - removal.first + 1


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


@admin.register(Feedback)
class FeedbackAdmin(RecordAdmin):
    list_display = ("given_at", "verdict", "comment", "giver", "decision_id")
    list_filter = ("verdict",)
    ordering = ("-given_at",)
    search_fields = ("decision_id",)
    search_help_text = "A decision's id."

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            return queryset.filter(decision_id=UUID(search_term.strip())) if search_term.strip() else queryset, False
        except ValueError:
            return queryset.none(), False
