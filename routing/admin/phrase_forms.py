"""What can be wrong with phrases, said beside the field in which it stands."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from unfold.forms import PaginationInlineFormSet
from unfold.widgets import UnfoldAdminTextareaWidget

from routing import policies
from routing.engine.content import TAG_LISTS, phrases_of
from routing.models import Phrase, PhraseList
from routing.phrases import compile_matcher

MOST_LINES = 2_000
MOST_PASTED = 500_000  # characters: so many lines of the longest phrases take less
QUOTED = 40  # characters of what is wrong


class PhraseListForm(forms.ModelForm):  # type: ignore[type-arg]
    paste = forms.CharField(
        label="Add many",
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "placeholder": "race condition\nprove that | 2"}),
        help_text="One phrase a line; “ | 2” behind it gives it a weight, also to a phrase that is in the list already."
        " Without one, such a phrase keeps its weight, and a new one takes the list's usual weight (its median).",
    )

    class Meta:
        model = PhraseList
        fields = ["is_on"]

    def clean_paste(self) -> dict[str, float | None]:
        """Weights by phrase, where they are written. Every line that is wrong is named by its number."""
        pasted: str = self.cleaned_data["paste"]
        if len(pasted) > MOST_PASTED:
            raise ValidationError(f"{len(pasted):,} characters: paste at most {MOST_PASTED:,} at once.")
        lines = [line.strip() for line in pasted.splitlines()]
        if len(lines) > MOST_LINES:
            raise ValidationError(f"{len(lines):,} lines: paste at most {MOST_LINES:,} at once.")
        opposed, errors = opposed_in_draft(self.instance), []
        weights: dict[str, float | None] = {}
        for number, line in enumerate(lines, start=1):
            try:
                if line:
                    text, weight = parsed(line)
                    weights[text] = weight if weight is not None else weights.get(text)
                    if problems := [*policies.problems_of_phrase(self.instance.name, text, opposed)]:
                        raise ValidationError(problems)
            except ValidationError as exc:
                errors += [f"Line {number}: {message}" for message in exc.messages]
        if errors:
            raise ValidationError(errors)
        self._refuse_too_many(weights)
        return weights

    def _refuse_too_many(self, weights: Mapping[str, float | None]) -> None:
        """All of them together: so many phrases, and none that ends in too many others."""
        if not weights:
            return
        kept = dict.fromkeys([*Phrase.objects.values_list("text", flat=True), *weights], 1.0)
        if len(kept) > policies.MOST_PHRASES:
            raise ValidationError(f"{len(kept):,} phrases in all lists: keep at most {policies.MOST_PHRASES:,}.")
        try:
            compile_matcher({self.instance.name: kept})
        except ValueError as exc:
            raise ValidationError(f"{exc}.") from None


class PhraseFormSet(PaginationInlineFormSet):
    def clean(self) -> None:
        """What is in the list already is looked for in the other rows of the form and beyond its page."""
        super().clean()
        name, opposed = self.instance.name, opposed_in_draft(self.instance)
        kept = [form for form in self.forms if text_in(form) and not self._should_delete_form(form)]
        changed = [form for form in kept if form.has_changed()]
        beyond = self.instance.phrases.exclude(pk__in=[form.instance.pk for form in self.forms if form.instance.pk])
        texts = [*beyond.values_list("text", flat=True), *(text_in(form) for form in kept if form not in changed)]
        there = {policies.same(name, text): text for text in texts}
        for form in changed:
            text = text_in(form)
            for message in policies.problems_of_phrase(name, text, opposed):
                form.add_error("text", message)
            other = there.setdefault(policies.same(name, text), text)
            if other != text:
                form.add_error("text", policies.is_there(text, other))


def text_in(form: Any) -> str:
    """Empty where it is wrong by itself."""
    return getattr(form, "cleaned_data", {}).get("text") or ""


def parsed(line: str) -> tuple[str, float | None]:
    """A phrase and the weight behind it, if one is written there."""
    text, bar, number = line.rpartition("|")
    phrase = Phrase(text=" ".join((text if bar else line).split()))
    weight = read_weight(number) if bar else None
    phrase.clean_fields(exclude=["phrase_list"])
    return phrase.text, weight


def read_weight(number: str) -> float:
    try:
        weight = float(number)
    except ValueError:
        raise ValidationError(f"{shortened(number.strip())!r} is no weight.") from None
    if not 0 < weight <= 10:
        raise ValidationError("Use a weight above 0 and at most 10.")
    return weight


def shortened(text: str) -> str:
    return text if len(text) <= QUOTED else f"{text[:QUOTED]}…"


def opposed_in_draft(row: PhraseList) -> policies.Opposed:
    return policies.opposed_phrases(row.name, phrases_of(policies.draft_content()))


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
