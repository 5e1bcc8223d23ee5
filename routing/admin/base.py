"""What every page of the draft shares: it says what waits to be published, and leads there."""

from typing import Any

from django.db.models import FloatField
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from routing import policies
from routing.admin.logged import LoggedAdmin
from routing.models import AdminChange

NOTICE = "routing/_draft_notice.html"
TOLD_IN_HISTORY = 20  # differences; all of them stand in the log


class PlainNumber(UnfoldAdminDecimalFieldWidget):
    """1000 instead of 1000.0."""

    def format_value(self, value: Any) -> str | None:
        return f"{value:.10g}" if isinstance(value, float) else value


PLAIN_NUMBERS = {FloatField: {"widget": PlainNumber}}


class DraftAdmin(LoggedAdmin):
    formfield_overrides = PLAIN_NUMBERS
    list_before_template = NOTICE
    change_form_before_template = NOTICE
    compressed_fields = True

    def in_history(self, change: AdminChange, message: Any) -> Any:
        return change.how(TOLD_IN_HISTORY) or message

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        waiting = {"draft_changes": policies.draft_changes()}
        return super().changelist_view(request, (extra_context or {}) | waiting)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        waiting = {"draft_changes": policies.draft_changes()}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | waiting)


class ShippedRowsAdmin(DraftAdmin):
    """Rows whose names come with the release: edited, never added or deleted."""

    list_disable_select_all = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
