"""The draft becomes a version; or an older version's content does, once more."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from routing import policies
from routing.models import PolicyVersion
from smartgateway.workbench.backtest.model import Backtest
from smartgateway.workbench.backtest.shown import Shown
from smartgateway.workbench.backtest.sums import Sums
from smartgateway.workbench.pages import PolicyPage, PolicyView
from smartgateway.workbench.states import UNFINISHED, State
from smartgateway.workbench.versions import found

SOON = "Every process serves it within 2 seconds."
MOVED = "Version {} was published meanwhile by {}: look at the versions again."

# the place that a problem names → the admin's page on which it is mended
PAGES = {
    "threshold": "threshold",
    "switch": "switch",
    "model": "tiermodel",
    "fallback": "fallbackstep",
    "alias": "modelalias",
    "phrases": "phraselist",
    "mode": "routingsettings",
    "ambiguous_fallback_tier": "routingsettings",
}


class PublishForm(forms.Form):
    note = forms.CharField(
        max_length=500,
        widget=forms.TextInput(attrs={"autofocus": True, "placeholder": "What changes, and why"}),
        help_text="It stays with the version, and every decision names its version.",
    )
    seen_digest = forms.CharField(widget=forms.HiddenInput, max_length=100)


class Publish(PolicyPage):
    """Shows what would change; with a note, publishes it."""

    template_name = "workbench/publish.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PublishForm(request.POST)
        if form.is_valid():
            try:
                version = policies.publish(author=request.user.get_username(), **form.cleaned_data)
            except ValidationError as refused:
                show_in(form, refused)
            else:
                messages.success(request, f"Version {version.number} is published. {SOON}")
                return redirect("workbench:version", version.number)
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        draft = policies.draft_content()
        return super().get_context_data(
            **{"form": PublishForm(), **kwargs},
            in_force=policies.in_force(),
            changes=policies.draft_changes(),
            problems=[(place, page_of(place), message) for place, message in policies.problems(draft)],
            digest=policies.mark_of(draft),
            backtests=list(tried(policies.digest_of(draft))),
            time_zone=settings.REPORT_TIME_ZONE,
        )


def tried(digest: str) -> Iterator[tuple[Backtest, Shown | None]]:
    """The backtest and the shadow of this very draft that say most, with what they found so far."""
    found = Backtest.objects.filter(digest=digest).defer("content")
    days, shadows = found.exclude(last_day=None), found.filter(last_day=None)
    telling = (days.filter(state=State.DONE, done__gt=0).first() or days.first(), _telling_shadow(shadows))
    for backtest in telling:
        if backtest is not None:
            yield backtest, Shown(Sums.from_json(backtest.sums)) if backtest.done and backtest.sums else None


def _telling_shadow(shadows: QuerySet[Backtest]) -> Backtest | None:
    """One that goes on; else the newest that found anything."""
    going_on = shadows.filter(state__in=UNFINISHED).first()
    return going_on or shadows.filter(done__gt=0).first() or shadows.first()


class RollBack(PolicyView):
    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        older, newest = found(number), PolicyVersion.objects.defer("content").newest()
        if newest is not None and request.POST.get("newest") != str(newest.number):
            messages.error(request, MOVED.format(newest.number, newest.author or "a command"))
            return redirect("workbench:versions")
        try:
            version = policies.roll_back(
                older.number, request.POST.get("note", "")[:500], author=request.user.get_username()
            )
        except ValidationError as refused:
            messages.error(request, " ".join(refused.messages))
            return redirect("workbench:versions")
        messages.success(request, f"Version {version.number} says what version {number} said. {SOON}")
        if policies.draft_changes():
            messages.warning(request, "The draft stays as it was: what waits in it would change this again.")
        return redirect("workbench:version", version.number)


def show_in(form: PublishForm, refused: ValidationError) -> None:
    """The note's own error beside it; what is wrong with the draft is listed by the page."""
    if not hasattr(refused, "error_dict"):
        form.add_error(None, refused)
    elif "note" in refused.error_dict:
        form.add_error("note", refused.error_dict["note"])
    else:
        form.add_error(None, "The draft cannot be published: see what is wrong with it.")


def page_of(place: str) -> str:
    kind, _, name = place.partition(" ")
    page = reverse(f"admin:routing_{PAGES[kind]}_changelist")
    return f"{page}?q={name}" if name and kind in ("threshold", "switch", "alias", "phrases") else page
