"""What admins did, to look at and to filter: nothing here can be added, changed or deleted."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from routing.models import AdminChange

SHOWN = 3


@admin.register(AdminChange)
class AdminChangeAdmin(ModelAdmin):
    list_display = ["made_at", "author", "did", "subject", "name", "summary"]
    list_filter = ["action", "subject", "author"]
    search_fields = ["name", "author", "note"]
    date_hierarchy = "made_at"
    list_per_page = 50
    fields = ["made_at", "author", "did", "subject", "name", "note", "every_difference"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    @display(description="action", ordering="action")
    def did(self, row: AdminChange) -> str:
        return row.get_action_display().capitalize()

    @display(description="before and after")
    def summary(self, row: AdminChange) -> str:
        told = [sentence(*difference) for difference in row.differences]
        rest = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        return ", ".join(told[:SHOWN]) + rest or row.note or "–"

    @display(description="before and after")
    def every_difference(self, row: AdminChange) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((sentence(*difference),) for difference in row.differences))


def sentence(name: str, before: Any, after: Any) -> str:
    return f"{name}: {worded(before)} → {worded(after)}"


def worded(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    return f"{value:.10g}" if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)
