"""A request is pasted and decided; with one more click it is sent."""

from typing import Any

from asgiref.sync import async_to_sync
from django import forms
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from routing import policies
from routing.engine.features import Features
from routing.engine.types import LADDER, Tier
from smartgateway.keys.snapshots import snapshot_of
from smartgateway.workbench.noted import note_asked
from smartgateway.workbench.pages import AdminPage
from smartgateway.workbench.playground.pasted import MOST_CHARS, Pasted, UnreadableError, read
from smartgateway.workbench.playground.sending import (
    ANSWER_TOKENS,
    MOST_ANSWER_TOKENS,
    Reply,
    keys_of,
    own_limit,
    prices_of,
    replies,
)
from smartgateway.workbench.playground.sides import sides

SEND = "send"


class PasteForm(forms.Form):
    """The request, and with which key, to which tiers and for how long an answer it is sent."""

    request = forms.CharField(
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 10, "spellcheck": "false", "placeholder": "Explain what this does: …"}),
    )
    key = forms.ChoiceField(required=False)
    tiers = forms.MultipleChoiceField(choices=[(str(tier), str(tier)) for tier in LADDER], required=False)
    answer_tokens = forms.IntegerField(min_value=1, max_value=MOST_ANSWER_TOKENS, required=False)

    pasted: Pasted | None = None  # once it is read

    def clean_request(self) -> str:
        """Read here, so that what is wrong stands beside it."""
        text: str = self.cleaned_data["request"]
        try:
            self.pasted = read(text)
        except UnreadableError as exc:
            raise forms.ValidationError(str(exc)) from exc
        return text

    def tokens(self, *, is_sent: bool) -> int:
        """What was typed, else what the request itself asks for; a number that the page had offered was not typed."""
        own = own_limit(self.pasted.body) if self.pasted and self.pasted.body else None
        typed = self.cleaned_data.get("answer_tokens") if self.is_bound else None
        is_chosen = is_sent or self.data.get("offered") != self.data.get("answer_tokens")
        return (typed if is_chosen else own or typed) or own or ANSWER_TOKENS


class Playground(AdminPage):
    """Under a decision's address its id is what was pasted."""

    template_name = "workbench/playground.html"

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        wanted = request.GET.get("decision", "")
        form = self.form({"request": wanted}) if wanted else self.form()
        return self.render_to_response(self.shown(form, is_sent=False))

    def post(self, request: HttpRequest) -> HttpResponse:
        return self.render_to_response(self.shown(self.form(request.POST), is_sent=SEND in request.POST))

    def form(self, data: Any = None) -> PasteForm:
        form = PasteForm(data)
        self.keys = keys_of(self.request.user)
        form.fields["key"].choices = [(key.pk, f"{key.name}, {key.team.name}") for key in self.keys]  # type: ignore[attr-defined]
        return form

    def shown(self, form: PasteForm, *, is_sent: bool) -> dict[str, Any]:
        """What was pasted is decided, whatever is wrong with the fields below it; only what is whole is sent."""
        is_sendable = form.is_bound and form.is_valid()
        pasted = form.pasted
        tokens = form.tokens(is_sent=is_sent)
        found = sides(pasted) if pasted else []
        return self.get_context_data(
            form=form,
            pasted=pasted,
            sides=found,
            differs=len({(side.tier, side.model, side.problem) for side in found}) > 1,
            answer_tokens=tokens,
            prices=prices_of(self.features(pasted), tokens) if pasted and pasted.body else [],
            typed_tokens=form["answer_tokens"].value() if form.errors.get("answer_tokens") else tokens,
            chosen=form.cleaned_data.get("tiers") if form.is_bound else [],
            replies=self.sent(form, pasted, tokens) if is_sent and pasted and is_sendable else [],
            most_chars=MOST_CHARS,
            time_zone=settings.REPORT_TIME_ZONE,
        )

    def features(self, pasted: Pasted) -> Features:
        return pasted.features(policies.current())

    def sent(self, form: PasteForm, pasted: Pasted, tokens: int) -> list[Reply]:
        """Nothing goes out unless key and tiers were chosen; what is missing stands in the form."""
        key = next((key for key in self.keys if str(key.pk) == form.cleaned_data.get("key")), None)
        tiers = [Tier(name) for name in form.cleaned_data.get("tiers", ())]
        if key is None:
            form.add_error("key", "Choose the key that is asked with: it is recorded and limited as any other request.")
        if not tiers:
            form.add_error("tiers", "Choose at least one tier.")
        if pasted.body is None:
            form.add_error("request", "The text of that decision is not kept, so that it cannot be sent again.")
        if key is None or not tiers or pasted.body is None:
            return []
        words = "Really sent; what was asked and answered stands in the record alone."
        note_asked(self.request, "playground", key.name, words, tiers=[*map(str, tiers)], answer_tokens=tokens)
        return async_to_sync(replies)(pasted, snapshot_of(key), tiers, tokens)
