"""What belongs to the dashboard in the admin: what is expected of the figures, and prompt text."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from unfold.decorators import display

from audit.admin import RecordAdmin
from audit.models import PromptText
from audit.models.querysets import PromptTextQuerySet
from routing.admin.logged import LoggedAdmin
from smartgateway.dashboard.models import ExpectedShare
from smartgateway.keys.roles import visible_teams

SHOWN_CHARS = 90


@admin.register(ExpectedShare)
class ExpectedShareAdmin(LoggedAdmin):
    list_display = ["tier", "measure", "shown", "team"]
    list_select_related = ["team"]
    fields = [("tier", "measure"), "team", ("lowest", "highest")]
    autocomplete_fields = ["team"]

    @display(description="expected")
    def shown(self, expected: ExpectedShare) -> str:
        return expected.band


@admin.register(PromptText)
class PromptTextAdmin(RecordAdmin):
    """For who reads the team's figures, and never to be changed."""

    list_display = ("recorded_at", "team_name", "beginning", "chars", "decision")
    ordering = ("-decision_id",)
    search_fields = ("decision_id",)
    search_help_text = "A decision's id."
    fields = ("decision", "recorded_at", "team_name", "chars", "is_newest", "head", "tail")
    readonly_fields = fields

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        teams = visible_teams(request.user)
        return teams is None or (bool(teams) and (obj is None or getattr(obj, "team_id", None) in teams))

    def get_queryset(self, request: HttpRequest) -> PromptTextQuerySet:
        return PromptText.objects.visible_to(visible_teams(request.user))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        try:
            return queryset.filter(pk=UUID(search_term.strip())) if search_term.strip() else queryset, False
        except ValueError:
            return queryset.none(), False

    @display(description="asked")
    def beginning(self, text: PromptText) -> str:
        return Truncator(" ".join(text.head.split())).chars(SHOWN_CHARS)

    @display(description="decision")
    def decision(self, text: PromptText) -> SafeString:
        address = reverse("dashboard:decision", args=[text.pk])
        return format_html('<a href="{}">{}</a>', address, text.pk)
