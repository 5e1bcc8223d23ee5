"""What every page on which an admin changes something shares: it stays on record, and nobody is overwritten unseen."""

import json
from collections.abc import Iterable
from contextlib import nullcontext
from hashlib import sha256
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import BinaryField, ForeignKey, Model, QuerySet
from django.http import HttpRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from unfold.admin import ModelAdmin

from routing.admin.meanwhile import SEEN_CHANGE, ListedForm, SeenActionForm, newest_change, problem_with, told
from routing.models import AdminChange

SEEN = "seen_digest"
BEFORE = "_before_this_change"
UNLOGGED = {"password", "change_mark", "updated_at", "last_login"}


class LoggedAdmin(ModelAdmin):
    change_form_before_template = "routing/_seen.html"
    action_form = SeenActionForm

    def logged(self, row: Any) -> dict[str, Any]:
        """The row as it is compared, and as it stays on record. Secrets are no part of it."""
        values = {field.name: shown(row, field) for field in row._meta.concrete_fields if is_logged(field)}
        for field in row._meta.many_to_many:
            if field.remote_field.through._meta.auto_created:
                values[field.name] = sorted(str(each) for each in getattr(row, field.name).all())
        return values

    def keep_before(self, row: Model) -> None:
        """Called ahead of a change, so that `log_change` knows what was before it."""
        setattr(row, BEFORE, self.logged(type(row)._default_manager.get(pk=row.pk)))

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        if change:
            self.keep_before(form.instance)
        return super().save_form(request, form, change)

    def log_addition(self, request: HttpRequest, row: Any, message: Any) -> Any:
        note(request, AdminChange.Action.ADDED, row, after=self.logged(row))
        return super().log_addition(request, row, message)

    def log_change(self, request: HttpRequest, row: Any, message: Any) -> Any:
        before: dict[str, Any] | None = getattr(row, BEFORE, None)
        after = None if before is None else self.logged(type(row)._default_manager.get(pk=row.pk))
        if before is None or before != after:
            words = message if isinstance(message, str) else in_words(message) if before is None else ""
            change = note(request, AdminChange.Action.CHANGED, row, before=before, after=after, words=words)
            message = self.in_history(change, message)
        return super().log_change(request, row, message)

    def in_history(self, change: AdminChange, message: Any) -> Any:
        """What a row's own history says of a change: as Django puts it, the fields."""
        return message

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        for row in queryset:
            note(request, AdminChange.Action.DELETED, row, before=self.logged(row))
        return super().log_deletions(request, queryset)

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        """What is done from the list is done as a whole, to rows that are locked."""
        seen = newest_change()
        with transaction.atomic() if request.method == "POST" else nullcontext():
            response = super().changelist_view(request, extra_context)
        form = (getattr(response, "context_data", None) or {}).get("action_form")
        if form:
            form.initial[SEEN_CHANGE] = seen
        return response

    def response_action(self, request: HttpRequest, queryset: QuerySet[Any]) -> Any:
        """An action waits for whoever is at one of its rows, and is not done to what they made of it unseen."""
        chosen = queryset if request.POST.get("select_across") == "1" else queryset.filter(pk__in=selected(request))
        seen, rows = newest_change(), self.locked(chosen.values_list("pk", flat=True))
        if problem := problem_with(rows, request):
            messages.error(request, problem)
            return None
        response = super().response_action(request, queryset)
        if isinstance(response, TemplateResponse) and response.context_data is not None:
            response.context_data[SEEN_CHANGE] = seen
        return response

    def locked(self, keys: Iterable[Any]) -> list[Any]:
        return list(self.model._default_manager.select_for_update(of=("self",)).filter(pk__in=[*keys]))

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> Any:
        with transaction.atomic():
            seen, row = newest_change(), self.get_object(request, unquote(object_id))
            rows = self.locked([row.pk]) if row and request.method == "POST" else []
            if problem := problem_with(rows, request):
                messages.error(request, problem)
                return redirect(request.get_full_path())
            return super().delete_view(request, object_id, {SEEN_CHANGE: seen, **(extra_context or {})})

    def get_changelist_form(self, request: HttpRequest, **options: Any) -> Any:
        return super().get_changelist_form(request, **{"form": ListedForm, **options})

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = object_id and self.get_object(request, unquote(object_id))
        context = {SEEN: digest_of(self.logged(row))} if row else {}
        return super().changeform_view(request, object_id, form_url, (extra_context or {}) | context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **options: Any) -> Any:
        form = super().get_form(request, obj, change=change, **options)
        if obj is None or not change:
            return form
        return type(form)(form.__name__, (form,), {"clean": self._guarded(form, obj)})

    def _guarded(self, form: Any, row: Any) -> Any:
        """`clean`, and the row is locked: two who save at once see each other."""

        def clean(this: Any) -> Any:
            values = form.clean(this)
            now = type(row)._default_manager.select_for_update(of=("self",)).get(pk=row.pk)
            if this.data.get(SEEN, "") not in ("", digest_of(self.logged(now))):
                raise ValidationError(f"{told(row)} Nothing was saved. Save again to put your values in that place.")
            return values

        return clean


def shown(row: Any, field: Any) -> Any:
    if isinstance(field, ForeignKey):
        related = getattr(row, field.name)
        return None if related is None else str(related)
    return field.value_from_object(row)


def is_logged(field: Any) -> bool:
    return not (field.primary_key or field.name in UNLOGGED or isinstance(field, BinaryField))


def digest_of(values: dict[str, Any]) -> str:
    return sha256(json.dumps(values, cls=DjangoJSONEncoder, sort_keys=True).encode()).hexdigest()


def note(
    request: HttpRequest,
    action: str,
    row: Any,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    words: str = "",
) -> AdminChange:
    return AdminChange.objects.note(
        action,
        str(row._meta.verbose_name),
        author=request.user.get_username(),
        object_id=row.pk,
        name=str(row),
        before=before,
        after=after,
        note=words[:500],
    )


def in_words(message: Any) -> str:
    """Django's own account of a change, such as that of a password."""
    return str(LogEntry(change_message=json.dumps(message)).get_change_message())


def selected(request: HttpRequest) -> list[str]:
    return request.POST.getlist(ACTION_CHECKBOX_NAME)
