"""Phrase lists: each phrase in its row, and many at once by pasting."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline
from unfold.decorators import display
from unfold.widgets import UnfoldAdminTextareaWidget

from routing.admin.base import PLAIN_NUMBERS, ShippedRowsAdmin
from routing.models import Phrase, PhraseList

MOST_LINES = 2_000


class PhraseListForm(forms.ModelForm):  # type: ignore[type-arg]
    paste = forms.CharField(
        label="Add many",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "placeholder": "race condition\nprove that | 2"}),
        help_text="One phrase a line; “ | 2” behind it gives it a weight. A phrase of the list takes the new weight.",
    )

    class Meta:
        model = PhraseList
        fields: list[str] = []

    def clean_paste(self) -> dict[str, float]:
        """Weights by phrase. Every line that is wrong is named by its number."""
        lines = [line.strip() for line in self.cleaned_data["paste"].splitlines()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"{len(lines)} lines: paste at most {MOST_LINES} at once.")
        weights, errors = {}, []
        for number, line in enumerate(lines, start=1):
            try:
                if line:
                    text, weight = parsed(line)
                    weights[text] = weight
            except ValidationError as exc:
                errors += [f"Line {number}: {message}" for message in exc.messages]
        if errors:
            raise ValidationError(errors)
        return weights


def parsed(line: str) -> tuple[str, float]:
    text, bar, number = line.rpartition("|")
    if not bar:
        text, number = line, "1"
    try:
        weight = float(number)
    except ValueError:
        raise ValidationError(f"{number.strip()!r} is no weight.") from None
    phrase = Phrase(text=" ".join(text.split()), weight=weight)
    phrase.clean_fields(exclude=["phrase_list"])
    if not 0 < weight <= 10:
        raise ValidationError("Use a weight above 0 and at most 10.")
    return phrase.text, weight


class PhraseInline(TabularInline):
    model = Phrase
    fields = ["text", "weight"]
    extra = 0
    per_page = 50
    hide_title = True
    formfield_overrides = PLAIN_NUMBERS


@admin.register(PhraseList)
class PhraseListAdmin(ShippedRowsAdmin):
    form = PhraseListForm
    list_display = ["title", "phrase_count", "effect", "name"]
    search_fields = ["name", "title", "effect", "phrases__text"]
    fields = ["title", "effect", "name", "paste"]
    readonly_fields = ["title", "effect", "name"]
    inlines = [PhraseInline]

    def logged(self, row: PhraseList) -> dict[str, Any]:
        return dict(Phrase.objects.filter(phrase_list=row).order_by("text").values_list("text", "weight"))

    def get_queryset(self, request: HttpRequest) -> QuerySet[PhraseList]:
        rows: QuerySet[PhraseList] = super().get_queryset(request)
        return rows.annotate(phrase_count=Count("phrases", distinct=True))

    @display(description="phrases", ordering="phrase_count")
    def phrase_count(self, row: Any) -> Any:
        return row.phrase_count

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.instance.fill(form.cleaned_data["paste"])
