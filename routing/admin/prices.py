from decimal import Decimal

from django.contrib import admin
from unfold.admin import ModelAdmin
from unfold.decorators import display

from routing.models import ModelPrice
from routing.models.prices import ABOVE, PARTS


@admin.register(ModelPrice)
class ModelPriceAdmin(ModelAdmin):
    list_display = ["model", "provider_name", "input", "output", "cache_read", "starts", "ends"]
    list_filter = ["provider_name"]
    search_fields = ["model", "provider_name", "source"]
    fieldsets = [
        (None, {"fields": ["provider_name", "model", "valid_from", "valid_until", "source"]}),
        ("USD per million tokens", {"fields": [f"{part}_per_mtok" for part in PARTS]}),
        ("Long requests", {"fields": ["above_input_tokens", *ABOVE]}),
    ]

    @display(description="input, $ per Mtok", ordering="input_per_mtok")
    def input(self, row: ModelPrice) -> str:
        return _shown(row.input_per_mtok, row.above_input_per_mtok)

    @display(description="output", ordering="output_per_mtok")
    def output(self, row: ModelPrice) -> str:
        return _shown(row.output_per_mtok, row.above_output_per_mtok)

    @display(description="cache read", ordering="cache_read_per_mtok")
    def cache_read(self, row: ModelPrice) -> str:
        return _shown(row.cache_read_per_mtok, row.above_cache_read_per_mtok)

    @display(description="from", ordering="valid_from")
    def starts(self, row: ModelPrice) -> str:
        return f"{row.valid_from:%Y-%m-%d}"

    @display(description="until", ordering="valid_until")
    def ends(self, row: ModelPrice) -> str:
        return f"{row.valid_until:%Y-%m-%d}" if row.valid_until else "further notice"


def _shown(price: Decimal, above: Decimal | None) -> str:
    """At least two decimals; the price of long requests behind the ordinary one."""
    text = f"{price:.2f}" if price == round(price, 2) else f"{price.normalize():f}"
    return text if above is None else f"{text} (long: {_shown(above, None)})"
