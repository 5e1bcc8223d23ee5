"""Published versions, to be read. They are made in the workbench."""

import json
from typing import Any

from django.contrib import admin
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.admin import ModelAdmin
from unfold.decorators import action, display

from routing import policies
from routing.models import PolicyVersion


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

    @action(description="Publish the draft", icon="publish", url_path="publish-draft", permissions=["publish"])
    def publish_draft(self, request: HttpRequest) -> HttpResponse:
        return redirect("workbench:publish")

    def get_queryset(self, request: HttpRequest) -> QuerySet[PolicyVersion]:
        rows: QuerySet[PolicyVersion] = super().get_queryset(request)
        served = policies.in_force()
        is_served = Q(number=served.number) if served else Q(pk__in=[])
        return rows.defer("content").annotate(is_served=ExpressionWrapper(is_served, BooleanField()))

    @display(description="in force", boolean=True)
    def is_in_force(self, row: Any) -> Any:
        return row.is_served

    @display(description="changes against the version before")
    def changed(self, row: PolicyVersion) -> str:
        if problem := policies.problem_of(row):
            return f"No process can load it: {problem}"
        before = policies.in_force(PolicyVersion.objects.filter(number__lt=row.number))
        sentences = policies.changes(before.content if before else None, row.content)
        return format_html_join("", "<div>{}{}</div>", ((sentence, rest_of(sentence)) for sentence in sentences))

    @display(description="content")
    def shown_content(self, row: PolicyVersion) -> SafeString:
        return format_html("<pre>{}</pre>", json.dumps(row.content, indent=2, ensure_ascii=False, sort_keys=True))


def rest_of(sentence: policies.Sentence) -> SafeString:
    """To be opened where a sentence leaves something out."""
    whole = "<details><summary class='cursor-pointer underline'>All of it</summary>{}</details>"
    return format_html(whole, sentence.whole) if sentence.whole else SafeString()
