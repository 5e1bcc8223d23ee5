"""Published versions, to be read; and the page that publishes the draft."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminTextInputWidget

from routing import policies
from routing.models import PolicyVersion

# the place that a problem names → the page on which it is mended
PAGES = {
    "threshold": "threshold",
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
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True}),
        help_text="What changes and why. It stays with the version, and every decision names its version.",
    )
    seen_digest = forms.CharField(widget=forms.HiddenInput, max_length=64)


@admin.register(PolicyVersion)
class PolicyVersionAdmin(ModelAdmin):
    list_display = ["number", "note", "author", "created_at", "is_in_force"]
    search_fields = ["note", "author"]
    fields = ["number", "note", "author", "created_at", "digest", "changed", "shown_content"]
    actions_list = ["publish_draft"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_publish_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm("routing.add_policyversion")

    def get_urls(self) -> list[URLPattern]:
        page = path("publish/", self.admin_site.admin_view(self.publish), name="routing_policyversion_publish")
        return [page, *super().get_urls()]

    @action(description="Publish the draft", icon="publish", url_path="publish-draft", permissions=["publish"])
    def publish_draft(self, request: HttpRequest) -> HttpResponse:
        return redirect("admin:routing_policyversion_publish")

    def publish(self, request: HttpRequest) -> HttpResponse:
        """Shows what would change; with a note, publishes it."""
        if not self.has_publish_permission(request):
            raise PermissionDenied
        draft = policies.draft_content()
        form = PublishForm(request.POST or None, initial={"seen_digest": policies.digest_of(draft)})
        if form.is_valid():
            try:
                version = policies.publish(author=request.user.get_username(), **form.cleaned_data)
            except ValidationError as refused:
                _show_in(form, refused)
            else:
                messages.success(request, f"Version {version.number} is published. Every process has it within 2 s.")
                return redirect("admin:routing_policyversion_changelist")
        return TemplateResponse(request, "routing/publish.html", self._context(request, form, draft))

    def _context(self, request: HttpRequest, form: PublishForm, draft: policies.Content) -> dict[str, Any]:
        newest = PolicyVersion.objects.newest()
        return {
            **self.admin_site.each_context(request),
            "title": "Publish the draft",
            "opts": self.model._meta,
            "form": form,
            "changes_title": f"What changes against version {newest.number}" if newest else "What will be in force",
            "changes": policies.draft_changes(),
            "problems": [(place, _page_of(place), message) for place, message in policies.problems(draft)],
            "digest": policies.digest_of(draft),
        }

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyVersion]:
        rows: QuerySet[PolicyVersion] = super().get_queryset(request)
        later = PolicyVersion.objects.filter(number__gt=OuterRef("number"))
        return rows.defer("content").annotate(is_newest=~Exists(later))

    @display(description="in force", boolean=True)
    def is_in_force(self, row: Any) -> Any:
        return row.is_newest

    @display(description="changes against the version before")
    def changed(self, row: PolicyVersion) -> SafeString:
        before = PolicyVersion.objects.filter(number__lt=row.number).newest()
        sentences = policies.changes(before.content if before else None, row.content)
        return format_html_join("", "<div>{}</div>", ((sentence,) for sentence in sentences))

    @display(description="content")
    def shown_content(self, row: PolicyVersion) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(row.content, indent=2, ensure_ascii=False, sort_keys=True))


def _show_in(form: PublishForm, refused: ValidationError) -> None:
    """The note's own error beside it; what is wrong with the draft is listed by the page."""
    if not hasattr(refused, "error_dict"):
        form.add_error(None, refused)
    elif "note" in refused.error_dict:
        form.add_error("note", refused.error_dict["note"])
    else:
        form.add_error(None, "The draft cannot be published: see what is wrong with it below.")


def _page_of(place: str) -> str:
    kind, _, name = place.partition(" ")
    page = reverse(f"admin:routing_{PAGES[kind]}_changelist")
    return f"{page}?q={name}" if kind in ("threshold", "alias", "phrases") else page
