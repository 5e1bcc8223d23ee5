"""What the local models can, to be read; and a button that finds it out again."""

from typing import Any

from asgiref.sync import async_to_sync
from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from unfold.dataclasses import ActionDialog
from unfold.decorators import action, display
from unfold.forms import BaseDialogForm

from routing import connections
from routing.admin.logged import LoggedAdmin, note
from routing.capabilities.findings import Findings
from routing.models import AdminChange, LocalModelRecord

NONE_YET = "No model of a local server was seen yet. The built-in demo model is never tested."
PATIENCE_SECONDS = 20.0  # routers of platforms give up on a request after 30
ASKED_FIRST = ActionDialog(
    title="Test this model now?",
    description="It has to answer a few short prompts, and is loaded for them if need be.",
    form_class=BaseDialogForm,
    form_submit_text="Test now",
)


@admin.register(LocalModelRecord)
class LocalModelRecordAdmin(LoggedAdmin):
    list_display = ["name", "calls_tools", "vision", "thinking", "context", "on_gpu", "speed", "tested_at", "trouble"]
    search_fields = ["name"]
    readonly_fields = [
        "name",
        "digest",
        "calls_tools",
        "vision",
        "thinking",
        "context_loaded",
        "context_max",
        "on_gpu",
        "speed",
        "tested_at",
        "error",
    ]
    fields = readonly_fields
    actions_detail = ["test_now"]
    actions_row = ["test_now"]
    list_disable_select_all = True
    empty_value_display = "–"

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        tell_notes(request)
        if request.method == "GET" and not LocalModelRecord.objects.exists():
            messages.info(request, NONE_YET)
        return super().changelist_view(request, extra_context)

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        tell_notes(request)
        return super().changeform_view(request, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_test_now_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("routing.change_localmodelrecord")

    @action(description="Test now", icon="labs", url_path="test-now", permissions=["test_now"], dialog=ASKED_FIRST)
    def test_now(self, request: HttpRequest, form: BaseDialogForm, object_id: int) -> HttpResponse:
        row = get_object_or_404(LocalModelRecord, pk=object_id)
        before = self.logged(row)
        findings = async_to_sync(connections.test_local_model)(row.name, patience_seconds=PATIENCE_SECONDS)
        level, sentence = told(row.name, findings)
        now = LocalModelRecord.objects.filter(pk=object_id).first() or row  # its model may have gone meanwhile
        note(request, AdminChange.Action.CHANGED, row, before=before, after=self.logged(now), words=sentence)
        messages.add_message(request, level, sentence)
        page = reverse("admin:routing_localmodelrecord_change", args=[object_id])
        return HttpResponse(headers={"HX-Redirect": page}) if "HX-Request" in request.headers else redirect(page)

    def logged(self, row: LocalModelRecord) -> dict[str, Any]:
        values = super().logged(row)
        del values["claimed_until"]  # by whichever process tests it
        return values

    @display(description="context in tokens, loaded of most", ordering="context_loaded")
    def context(self, row: LocalModelRecord) -> str:
        sizes = (row.context_loaded, row.context_max)
        return " of ".join("?" if size is None else f"{size:,}" for size in sizes) if any(sizes) else "–"

    @display(description="on GPU", ordering="gpu_share")
    def on_gpu(self, row: LocalModelRecord) -> str:
        return "–" if row.gpu_share is None else f"{row.gpu_share:.0%}"

    @display(description="tokens a second", ordering="tokens_per_second")
    def speed(self, row: LocalModelRecord) -> str:
        return "–" if row.tokens_per_second is None else f"{row.tokens_per_second:.1f}"

    @display(description="trouble")
    def trouble(self, row: LocalModelRecord) -> str:
        return row.error or ("" if row.tested_at else "not tested yet")


def tell_notes(request: HttpRequest) -> None:
    """What is wrong with the server itself, as the log said it when this process began to see it."""
    if request.method == "GET":
        for note_on_server in connections.local_notes():
            messages.warning(request, note_on_server)


def told(name: str, findings: Findings | None) -> tuple[int, str]:
    if findings is None:
        return messages.WARNING, f"{name} is still being tested, or busy: look again in a minute."
    if findings.error:
        return messages.ERROR, f"{name} could not be tested: {findings.error}."
    tools = "calls tools" if findings.calls_tools else "does not call tools"
    speed = findings.tokens_per_second
    return messages.SUCCESS, f"{name} {tools}" + (f" and speaks {speed:.1f} tokens a second." if speed else ".")
