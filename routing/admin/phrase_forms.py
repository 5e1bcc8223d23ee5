"""What can be wrong with phrases, said beside the field in which it stands."""

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget

from routing import policies
from routing.engine.content import TAG_LISTS, phrases_of
from routing.models import Phrase, PhraseList
from routing.phrases import compile_matcher, normalized

MOST_LINES = 2_000
MOST_PASTED = 500_000  # characters: so many lines of the longest phrases take less
QUOTED = 40  # characters of what is wrong


class PhraseListForm(forms.ModelForm):  # type: ignore[type-arg]
    paste = forms.CharField(
        label="Add many",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "placeholder": "race condition\nprove that | 2"}),
        help_text="One phrase a line; “ | 2” behind it gives it a weight. A phrase of the list takes the new weight.",
    )

    class Meta:
        model = PhraseList
        fields = ["is_on"]

    def clean_paste(self) -> dict[str, float]:
        """Weights by phrase. Every line that is wrong is named by its number."""
        pasted: str = self.cleaned_data["paste"]
        if len(pasted) > MOST_PASTED:
            raise ValidationError(f"{len(pasted):,} characters: paste at most {MOST_PASTED:,} at once.")
        lines = [line.strip() for line in pasted.splitlines()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"{len(lines):,} lines: paste at most {MOST_LINES:,} at once.")
        opposed, weights, errors = opposed_in_draft(self.instance), {}, []
        for number, line in enumerate(lines, start=1):
            try:
                if line:
                    text, weight = parsed(line)
                    weights[text] = weight
                    refuse(self.instance, text, opposed)
            except ValidationError as exc:
                errors += [f"Line {number}: {message}" for message in exc.messages]
        if errors:
            raise ValidationError(errors)
        self._refuse_too_many(weights)
        return weights

    def _refuse_too_many(self, weights: Mapping[str, float]) -> None:
        """All of them together: so many phrases, and none that ends in too many others."""
        if not weights:
            return
        kept = dict.fromkeys(Phrase.objects.values_list("text", flat=True), 1.0) | dict(weights)
        if len(kept) > policies.MOST_PHRASES:
            raise ValidationError(f"{len(kept):,} phrases in all lists: keep at most {policies.MOST_PHRASES:,}.")
        try:
            compile_matcher({self.instance.name: kept})
        except ValueError as exc:
            raise ValidationError(f"{exc}.") from None


class PhraseFormSet(PaginationInlineFormSet):
    def clean(self) -> None:
        super().clean()
        opposed = opposed_in_draft(self.instance)
        for form in self.forms:
            text = getattr(form, "cleaned_data", {}).get("text")
            if text and form.has_changed() and not self._should_delete_form(form):
                for message in problems_of(self.instance, text, opposed):
                    form.add_error("text", message)


def parsed(line: str) -> tuple[str, float]:
    text, bar, number = line.rpartition("|")
    if not bar:
        text, number = line, "1"
    try:
        weight = float(number)
    except ValueError:
        raise ValidationError(f"{shortened(number.strip())!r} is no weight.") from None
    phrase = Phrase(text=" ".join(text.split()), weight=weight)
    phrase.clean_fields(exclude=["phrase_list"])
    if not 0 < weight <= 10:
        raise ValidationError("Use a weight above 0 and at most 10.")
    return phrase.text, weight


def shortened(text: str) -> str:
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def opposed_in_draft(row: PhraseList) -> Mapping[str, str]:
    return policies.opposed_phrases(row.name, phrases_of(policies.draft_content()))


def problems_of(row: PhraseList, text: str, opposed: Mapping[str, str]) -> Iterator[str]:
    if other := opposed.get(normalized(text)):
        yield f"{text!r} is also in {other}, which says the opposite."
    try:
        if row.name not in TAG_LISTS:
            compile_matcher({row.name: {text: 1.0}})
    except ValueError as exc:
        yield f"{exc}."


def refuse(row: PhraseList, text: str, opposed: Mapping[str, str]) -> None:
    if found := list(problems_of(row, text, opposed)):
        raise ValidationError(found)


def tried(text: str) -> dict[str, dict[str, float]]:
    """The phrases of the draft that a text holds, by list, with their weights."""
    lists: Mapping[str, Any] = policies.draft_content()["phrases"]
    literal = {name: listed for name, listed in lists.items() if name not in TAG_LISTS}
    found = dict(compile_matcher(literal)(text))
    lowered = text.lower()
    for name in TAG_LISTS:
        tags = tuple(tag for tag in lists[name] if f"<{tag.lower()}" in lowered)
        found |= {name: tags} if tags else {}
    return {name: {phrase: lists[name][phrase] for phrase in phrases} for name, phrases in sorted(found.items())}
