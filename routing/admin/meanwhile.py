"""What another admin did between the moment when a page was opened and that when it was sent."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.forms.models import model_to_dict
from django.http import HttpRequest
from unfold.forms import ActionForm

from routing.models import AdminChange
from routing.models.log import worded

SEEN_CHANGE = "seen_change"
NOTHING_DONE = "Nothing was done: look at it again, and do it once more if you still want it."


class SeenActionForm(ActionForm):
    """A list knows which change was the newest when it was opened."""

    seen_change = forms.IntegerField(label="", required=False, widget=forms.HiddenInput)


class ListedForm(forms.ModelForm):  # type: ignore[type-arg]
    """A row that is edited in its list: only what was edited is saved, and not over what another admin made of it."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for field in self.fields.values():
            field.show_hidden_initial = True

    def clean(self) -> dict[str, Any]:
        """The row is read again under a lock: two who save at once see each other."""
        values = super().clean() or self.cleaned_data
        edited = [*self.changed_data]
        if not edited:
            return values
        self.instance.refresh_from_db(
            from_queryset=type(self.instance)._default_manager.select_for_update(of=("self",))
        )
        now = model_to_dict(self.instance, [*self.fields])
        for name, value in now.items():
            if name in edited:
                self._compare(name, value)
            else:
                values[name] = value
        return values

    def _compare(self, name: str, now: object) -> None:
        hidden, key = self.fields[name].hidden_widget(), self.add_initial_prefix(name)
        seen = hidden.value_from_datadict(self.data, self.files, key)
        if seen is not None and self.fields[name].has_changed(now, seen):
            self._show_now(key, now)
            self.add_error(name, f"{told(self.instance)} It is {worded(now)} now: save again to overwrite that.")

    def _show_now(self, key: str, now: object) -> None:
        """The form comes back as if it had been opened now."""
        data: Any = self.data
        data = data.copy()
        data[key] = str(now)
        self.data = data


def newest_change() -> int:
    return AdminChange.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def problem_with(rows: Iterable[Any], request: HttpRequest) -> str:
    """Who did what to one of the rows since the page was opened; empty where nobody did."""
    seen = request.POST.get(SEEN_CHANGE, "")
    if not seen.isdecimal():
        return ""
    since = AdminChange.objects.filter(pk__gt=int(seen)).exclude(author=request.user.get_username())
    for row in rows:
        changes = since.filter(subject=str(row._meta.verbose_name), object_id=str(row.pk))
        if change := changes.order_by("-pk").first():
            return f"{row}: {said_of(change)} {NOTHING_DONE}"
    return ""


def told(row: Any) -> str:
    """Who changed it meanwhile, when and how."""
    return said_of(AdminChange.objects.latest_of(str(row._meta.verbose_name), row.pk))


def said_of(last: AdminChange | None) -> str:
    if last is None or last.action != AdminChange.Action.CHANGED:
        return "Another admin changed this meanwhile."
    return f"{last.told('this')}."
