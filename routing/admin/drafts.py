"""Thresholds, switches, aliases, models and fallbacks of the draft."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.decorators import display

from routing import connections, policies
from routing.admin.base import DraftAdmin, ShippedRowsAdmin
from routing.admin.meanwhile import ListedForm
from routing.models import FallbackStep, ModelAlias, RoutingSettings, Switch, Threshold, TierModel


@admin.register(Threshold)
class ThresholdAdmin(ShippedRowsAdmin):
    list_display = ["name", "value", "unit", "bounds", "effect"]
    list_editable = ["value"]
    list_per_page = 200
    search_fields = ["name", "effect"]
    fields = ["name", "value", "unit", "bounds", "effect"]
    readonly_fields = ["name", "unit", "bounds", "effect"]

    @display(description="from – to")
    def bounds(self, row: Threshold) -> str:
        return f"{row.lower:,.10g} – {row.upper:,.10g}"


@admin.register(Switch)
class SwitchAdmin(ShippedRowsAdmin):
    list_display = ["name", "is_on", "effect"]
    list_editable = ["is_on"]
    search_fields = ["name", "effect"]
    fields = ["name", "is_on", "effect"]
    readonly_fields = ["name", "effect"]


class ModelAliasForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean(self) -> dict[str, Any]:
        """An alias that leads nowhere or in a circle is named beside its target."""
        values = super().clean() or self.cleaned_data
        pattern, target = values.get("pattern"), values.get("target")
        if pattern and target:
            for message in policies.problems_of_alias(pattern, target, replaces=self.initial.get("pattern")):
                self.add_error("target", message)
        return values


@admin.register(ModelAlias)
class ModelAliasAdmin(DraftAdmin):
    form = ModelAliasForm
    list_display = ["pattern", "target"]
    search_fields = ["pattern", "target"]


class TierModelForm(forms.ModelForm):  # type: ignore[type-arg]
    def clean_model(self) -> str:
        model: str = self.cleaned_data["model"]
        if problem := policies.problem_of_tier_model(self.instance.slot, model):
            raise ValidationError(problem)
        return model


class ListedTierModelForm(TierModelForm, ListedForm):
    """The same beside its field in the list."""


@admin.register(TierModel)
class TierModelAdmin(ShippedRowsAdmin):
    form = TierModelForm
    list_display = ["slot", "model"]
    list_editable = ["model"]
    fields = ["slot", "model"]
    readonly_fields = ["slot"]

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        return super().get_changelist_form(request, **{"form": ListedTierModelForm, **options})

    def save_model(self, request: HttpRequest, obj: TierModel, form: Any, change: bool) -> None:
        """The local server may be behind: what it does not list yet can be named all the same."""
        super().save_model(request, obj, form, change)
        for warning in connections.missing_locally({obj.slot: obj.model}):
            messages.warning(request, warning)


@admin.register(FallbackStep)
class FallbackStepAdmin(DraftAdmin):
    list_display = ["from_tier", "order", "to"]
    list_filter = ["from_tier"]


@admin.register(RoutingSettings)
class RoutingSettingsAdmin(ShippedRowsAdmin):
    fields = ["is_enabled", "mode", "ambiguous_fallback_tier"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """There is one row: the list leads straight to it."""
        row = RoutingSettings.objects.get_or_create(pk=1)[0]
        return redirect("admin:routing_routingsettings_change", row.pk)
