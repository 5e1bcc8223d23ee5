"""What every page on which an admin changes something shares: it stays on record, and nobody is overwritten unseen."""

import json
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django import forms
from django.contrib.admin.models import LogEntry
from django.contrib.admin.utils import unquote
from django.core.exceptions import ValidationError
from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import BinaryField, ForeignKey, Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin

from routing.models import AdminChange

SEEN = "seen_digest"
BEFORE = "_before_this_change"
UNLOGGED = {"password", "change_mark", "updated_at", "last_login"}


class ListedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row that is edited in its list: only what was edited is saved, and not over what another admin made of it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        for name in [*self.changed_data]:
            hidden, key = self.fields[name].hidden_widget(), self.add_initial_prefix(name)
            seen, now = hidden.value_from_datadict(self.data, self.files, key), self.initial.get(name)
            if seen is not None and self.fields[name].has_changed(now, seen):
                self._show_now(key, now)
                self.add_error(name, f"{told(self.instance)} It is {now} now: save again to overwrite that.")
        return values

    def _show_now(self, key: str, now: object) -> None:
        """The form comes back as if it had been opened now."""
        data: Any = self.data
        data = data.copy()
        data[key] = str(now)
        self.data = data


class LoggedAdmin(ModelAdmin):
    change_form_before_template = "routing/_seen.html"

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
            note(request, AdminChange.Action.CHANGED, row, before=before, after=after, words=words)
        return super().log_change(request, row, message)

    def log_deletions(self, request: HttpRequest, queryset: Iterable[Any]) -> Any:
        for row in queryset:
            note(request, AdminChange.Action.DELETED, row, before=self.logged(row))
        return super().log_deletions(request, queryset)

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
            now = type(row)._default_manager.select_for_update().get(pk=row.pk)
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
) -> None:
    AdminChange.objects.note(
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


def told(row: Any) -> str:
    """Who changed it meanwhile, when and how."""
    last = AdminChange.objects.latest_of(str(row._meta.verbose_name), row.pk)
    if last is None or last.action != AdminChange.Action.CHANGED:
        return "Another admin changed this meanwhile."
    changes = ", ".join(f"{name} {before} → {after}" for name, before, after in last.differences[:3])
    return f"{last.author} changed this at {last.made_at:%H:%M} UTC{f' ({changes})' if changes else ''}."
