"""What admins did, to look at and to filter: nothing here can be added, changed or deleted."""

from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import display

from routing.models import AdminChange
from routing.models.log import difference


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
        return row.how() or row.note or "–"

    @display(description="before and after")
    def every_difference(self, row: AdminChange) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((difference(*found),) for found in row.differences))
