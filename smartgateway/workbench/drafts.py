"""The draft replaced as a whole: by a version, a file or a preset. Each time it is shown what that changes."""

import json
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from routing import connections, policies
from routing.models import AdminChange
from routing.policies.files import MOST_BYTES
from smartgateway.workbench.pages import PolicyPage, PolicyView
from smartgateway.workbench.versions import as_file, readable

LOADED = "The draft now holds {}. Nothing takes effect until it is published."


class DraftFile(PolicyView):
    def get(self, request: HttpRequest) -> HttpResponse:
        text = policies.to_yaml(policies.draft_content(), "SmartGateway policy, the draft")
        return as_file(text, "policy-draft.yaml")


class Reset(PolicyView):
    def post(self, request: HttpRequest, number: int) -> HttpResponse:
        name = f"version {number}"
        return load(request, readable(number).content, AdminChange.Action.RESET, name, "workbench:versions")


class ImportForm(forms.Form):
    """A file is taken before what was pasted. It is read here, so that what is wrong stands beside it.

    What was looked at comes back as JSON, byte for byte: a browser sends other line ends than it was given.
    """

    seen = forms.JSONField(required=False, widget=forms.HiddenInput)

    text = forms.CharField(
        label="Paste it",
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 14, "spellcheck": "false", "placeholder": "thresholds:"}),
    )
    file = forms.FileField(label="or choose a file", required=False, allow_empty_file=True)

    def clean(self) -> dict[str, Any]:
        file, field = self.cleaned_data.get("file"), "text"
        name, text = named_text(self.cleaned_data.get("seen")) or ("pasted", self.cleaned_data.get("text", ""))
        try:
            if file is not None:
                field, name, text = "file", file.name, read(file)
            if not text.strip():
                raise ValidationError("Paste a policy, or choose its file.")
            draft = policies.draft_content()
            content = policies.imported(text, draft)
        except ValidationError as refused:
            self.add_error(field, refused)
            return self.cleaned_data
        seen = json.dumps([name, text])
        return {
            "content": content,
            "text": text,
            "name": name,
            "seen": seen,
            "changes": policies.changes(draft, content),
        }


def named_text(seen: object) -> tuple[str, str] | None:
    """The name and the text that were looked at."""
    match seen:
        case [str(name), str(text)]:
            return name, text
    return None


def read(file: Any) -> str:
    """No more than a policy file may have: what is longer is refused by its size."""
    if file.size > MOST_BYTES:
        raise ValidationError(f"{file.size:,} bytes: a policy file has at most {MOST_BYTES:,}.")
    try:
        return str(file.read().decode())
    except UnicodeDecodeError:
        raise ValidationError("This is no text in UTF-8.") from None


class Import(PolicyPage):
    """First shows what the file would change in the draft; then loads it."""

    template_name = "workbench/import.html"

    def post(self, request: HttpRequest) -> HttpResponse:
        form = ImportForm(request.POST, request.FILES)
        if form.is_valid() and "load" in request.POST:
            name = form.cleaned_data["name"]
            return load(request, form.cleaned_data["content"], AdminChange.Action.IMPORTED, name, "workbench:import")
        return self.render_to_response(self.get_context_data(form=form))

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        form = kwargs.setdefault("form", ImportForm())
        if form.is_bound and form.is_valid():
            kwargs |= {"checked": form.cleaned_data, "form": ImportForm(initial={"text": form.cleaned_data["text"]})}
        digest = policies.mark_of(policies.draft_content())
        return super().get_context_data(**kwargs, digest=digest, most_bytes=f"{MOST_BYTES:,}")


class Presets(PolicyPage):
    template_name = "workbench/presets.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        draft = policies.draft_content()
        presets = [
            (preset, policies.changes(draft, policies.with_preset(preset.name, draft))) for preset in policies.presets()
        ]
        return super().get_context_data(**kwargs, presets=presets, digest=policies.mark_of(draft))


class LoadPreset(PolicyView):
    def post(self, request: HttpRequest, name: str) -> HttpResponse:
        try:
            title = policies.preset(name).title
        except KeyError:
            raise Http404(f"There is no preset {name}.") from None
        content = policies.with_preset(name, policies.draft_content())
        return load(request, content, AdminChange.Action.PRESET, title, "workbench:presets")


def load(request: HttpRequest, content: policies.Content, action: str, name: str, otherwise: str) -> HttpResponse:
    """On to publishing, where the page shows how the draft now differs; or back, where the draft has moved."""
    author, seen = request.user.get_username(), request.POST.get("seen_digest", "")
    try:
        before = policies.replace_draft(content, action, author=author, name=name, seen_digest=seen)
    except ValidationError as refused:
        messages.error(request, " ".join(refused.messages))
        return redirect(otherwise)
    messages.success(request, LOADED.format(f"“{name}”"))
    moved = {slot: model for slot, model in content["models"].items() if model != before["models"].get(slot)}
    for warning in connections.missing_locally(moved):
        messages.warning(request, warning)
    return redirect("workbench:publish")
