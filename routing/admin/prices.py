"""Prices: what is in force is never rewritten, a change starts a new row."""

from decimal import Decimal
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest
from django.utils import timezone
from unfold.decorators import display

from routing.admin.logged import LoggedAdmin
from routing.models import ModelPrice
from routing.models.prices import ABOVE, PARTS
from routing.prices import changes


@admin.register(ModelPrice)
class ModelPriceAdmin(LoggedAdmin):
    list_display = ["model", "provider_name", "input", "output", "cache_read", "starts", "ends", "set_by"]
    list_filter = ["provider_name", "is_edited"]
    search_fields = ["model", "provider_name", "source"]
    readonly_fields = ["is_edited"]
    fieldsets = [
        (None, {"fields": ["provider_name", "model", "valid_from", "valid_until", "source", "is_edited"]}),
        ("USD per million tokens", {"fields": [f"{part}_per_mtok" for part in PARTS]}),
        ("Long requests", {"fields": ["above_input_tokens", *ABOVE]}),
        ("A machine of your own", {"fields": ["per_hour"]}),
    ]

    def has_change_permission(self, request: HttpRequest, obj: ModelPrice | None = None) -> bool:
        """What has ended is history."""
        is_over = obj is not None and obj.valid_until is not None and obj.valid_until <= timezone.now()
        return bool(super().has_change_permission(request, obj)) and not is_over

    def has_delete_permission(self, request: HttpRequest, obj: ModelPrice | None = None) -> bool:
        """Recorded costs name the row that they were computed from."""
        is_begun = obj is not None and obj.valid_from <= timezone.now()
        return bool(super().has_delete_permission(request, obj)) and not is_begun

    def get_readonly_fields(self, request: HttpRequest, obj: ModelPrice | None = None) -> list[str]:
        """A price does not move to another model, nor one in force to another start."""
        is_begun = obj is not None and obj.valid_from <= timezone.now()
        own = ["provider_name", "model"] if obj else []
        return [*self.readonly_fields, *own, *(["valid_from"] if is_begun else [])]

    def save_model(self, request: HttpRequest, obj: ModelPrice, form: Any, change: bool) -> None:
        obj.is_edited = True
        if change and changes.keep_history(obj, timezone.now()):
            messages.info(request, f"{obj} costs this from now on; until now it cost what the row before says.")
        changes.start(obj)

    @display(description="input, $ per MTok", ordering="input_per_mtok")
    def input(self, row: ModelPrice) -> str:
        return _shown(row.input_per_mtok, row.above_input_per_mtok)

    @display(description="output, $ per MTok", ordering="output_per_mtok")
    def output(self, row: ModelPrice) -> str:
        return _shown(row.output_per_mtok, row.above_output_per_mtok)

    @display(description="cache read, $ per MTok", ordering="cache_read_per_mtok")
    def cache_read(self, row: ModelPrice) -> str:
        return _shown(row.cache_read_per_mtok, row.above_cache_read_per_mtok)

    @display(description="from", ordering="valid_from")
    def starts(self, row: ModelPrice) -> str:
        return f"{row.valid_from:%Y-%m-%d}"

    @display(description="until", ordering="valid_until")
    def ends(self, row: ModelPrice) -> str:
        return f"{row.valid_until:%Y-%m-%d}" if row.valid_until else "further notice"

    @display(description="set by", ordering="is_edited")
    def set_by(self, row: ModelPrice) -> str:
        return "hand" if row.is_edited else "the published table"


def _shown(price: Decimal, above: Decimal | None) -> str:
    """At least two decimals; the price of long requests behind the ordinary one."""
    text = f"{price:.2f}" if price == round(price, 2) else f"{price.normalize():f}"
    return text if above is None else f"{text} (long: {_shown(above, None)})"
