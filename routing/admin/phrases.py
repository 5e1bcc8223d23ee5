"""Phrase lists: each phrase in its row, many at once by pasting, and a text to try them on."""

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Count, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from unfold.admin import TabularInline
from unfold.decorators import display

from routing.admin.base import PLAIN_NUMBERS, ShippedRowsAdmin
from routing.admin.phrase_forms import PhraseFormSet, PhraseListForm, tried
from routing.models import Phrase, PhraseList

MOST_CHARS = 20_000
TRY = "routing/_try.html"


class PhraseInline(TabularInline):
    model = Phrase
    formset = PhraseFormSet
    fields = ["text", "weight"]
    extra = 0
    per_page = 50
    hide_title = True
    formfield_overrides = PLAIN_NUMBERS


@admin.register(PhraseList)
class PhraseListAdmin(ShippedRowsAdmin):
    form = PhraseListForm
    list_display = ["title", "is_on", "phrase_count", "effect", "name"]
    list_editable = ["is_on"]
    list_after_template = TRY
    change_form_outer_before_template = TRY
    search_fields = ["name", "title", "effect", "phrases__text"]
    fields = ["title", "effect", "name", "is_on", "paste"]
    readonly_fields = ["title", "effect", "name"]
    inlines = [PhraseInline]

    def logged(self, row: PhraseList) -> dict[str, Any]:
        phrases = Phrase.objects.filter(phrase_list=row).order_by("text").values_list("text", "weight")
        return {"the list is on": row.is_on, **dict(phrases)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhraseList]:
        rows: QuerySet[PhraseList] = super().get_queryset(request)
        return rows.annotate(phrase_count=Count("phrases", distinct=True))

    @display(description="phrases", ordering="phrase_count")
    def phrase_count(self, row: Any) -> Any:
        return row.phrase_count

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.fill(form.cleaned_data.get("paste", {}))

    def get_urls(self) -> list[URLPattern]:
        trying = path("try/", self.admin_site.admin_view(self.try_text), name="routing_phraselist_try")
        return [trying, *super().get_urls()]

    def try_text(self, request: HttpRequest) -> HttpResponse:
        """Which phrases of the draft a pasted text holds: those of the page's list first."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        text, own = request.POST.get("text", ""), request.POST.get("list", "")
        titles = dict(PhraseList.objects.values_list("name", "title"))
        off = {*PhraseList.objects.filter(is_on=False).values_list("name", flat=True)}
        found = sorted(tried(text[:MOST_CHARS]).items(), key=lambda pair: pair[0] != own)
        context = {
            "found": [(name, titles.get(name) or name, phrases, name in off) for name, phrases in found],
            "own": titles.get(own, "") if own not in dict(found) else "",
            "is_cut": len(text) > MOST_CHARS,
            "most_chars": MOST_CHARS,
        }
        return TemplateResponse(request, "routing/_tried.html", context)
