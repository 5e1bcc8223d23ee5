"""What admins did: each change with before and after, kept for good."""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.db.models.deletion import ProtectedError

MOST_NAME = 200
DONE = {"rolled_back": "rolled back", "reset": "filled", "imported": "imported into", "preset": "loaded a preset into"}


def difference(name: str, before: Any, after: Any) -> str:
    return f"{name}: {worded(before)} → {worded(after)}"


def worded(value: Any) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, list | dict):
        return json.dumps(value, cls=DjangoJSONEncoder)
    return f"{value:.10g}" if isinstance(value, float) else str(value)


class AdminChanges(models.QuerySet["AdminChange"]):
    def note(
        self,
        action: str,
        subject: str,
        *,
        author: str,
        object_id: object = "",
        name: str = "",
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any] | None = None,
        note: str = "",
    ) -> "AdminChange":
        """Keeps what differs between before and after, and nothing else of them."""
        old, new = dict(before or {}), dict(after or {})
        same = {key for key in old.keys() & new.keys() if old[key] == new[key]}
        return self.create(
            action=action,
            subject=subject,
            author=author,
            object_id=str(object_id),
            name=name[:MOST_NAME],
            before={key: value for key, value in old.items() if key not in same},
            after={key: value for key, value in new.items() if key not in same},
            note=note,
        )

    def latest_of(self, subject: str, object_id: object) -> "AdminChange | None":
        return self.filter(subject=subject, object_id=str(object_id)).order_by("-pk").first()

    def delete(self) -> NoReturn:
        raise ProtectedError("What was done stays on record.", set(self))


class AdminChange(models.Model):
    """One change. Names are kept as they were; a trigger in the database refuses every update."""

    class Action(models.TextChoices):
        ADDED = "added"
        CHANGED = "changed"
        DELETED = "deleted"
        PUBLISHED = "published"
        ROLLED_BACK = "rolled_back", "rolled back"
        RESET = "reset"
        IMPORTED = "imported"
        PRESET = "preset", "loaded a preset"

    made_at = models.DateTimeField("time", auto_now_add=True, db_index=True)
    author = models.CharField(max_length=150, db_index=True, help_text="The name of whoever did it, at that time.")
    action = models.CharField(max_length=20, choices=Action)
    subject = models.CharField("what", max_length=60)
    object_id = models.CharField(max_length=64, blank=True)
    name = models.CharField("which", max_length=MOST_NAME, blank=True)
    before = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    after = models.JSONField(encoder=DjangoJSONEncoder, default=dict)
    note = models.CharField(max_length=500, blank=True)

    objects = AdminChanges.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [models.Index(fields=["subject", "object_id"], name="admin_change_subject")]
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    action__in=[
                        "added",
                        "changed",
                        "deleted",
                        "published",
                        "rolled_back",
                        "reset",
                        "imported",
                        "preset",
                    ]
                ),
                name="admin_change_action_is_known",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} {self.subject} {self.name}".rstrip()

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ProtectedError("What was done stays on record.", {self})

    def told(self, subject: str = "") -> str:
        """Who did what, when and how, in one line: of `subject`, or of its own."""
        what = subject or f"{self.subject} {self.name}".rstrip()
        how = f" ({self.how()})" if self.differences else ""
        return f"{self.author} {DONE.get(self.action, self.action)} {what} at {self.made_at:%H:%M} UTC{how}"

    def how(self, most: int = 3) -> str:
        """Its differences, or as many of them."""
        hows = [difference(*found) for found in self.differences]
        return ", ".join(hows[:most]) + (f" and {len(hows) - most} more" if len(hows) > most else "")

    @property
    def differences(self) -> list[tuple[str, Any, Any]]:
        """Each field that changed, with None where it was not there."""
        names = [*self.before, *(name for name in self.after if name not in self.before)]
        return [(name, self.before.get(name), self.after.get(name)) for name in names]
