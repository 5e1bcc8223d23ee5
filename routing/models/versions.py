"""Published policies: numbered, and never changed."""

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.db.models.deletion import ProtectedError


class PublishedVersions(models.QuerySet["PolicyVersion"]):
    def newest(self) -> "PolicyVersion | None":
        return self.order_by("-number").first()

    def delete(self) -> NoReturn:
        raise ProtectedError("A published policy stays: decisions name it.", set(self))


class PolicyVersion(models.Model):
    """One published policy; the highest number is in force. A trigger in the database refuses every update."""

    number = models.PositiveIntegerField(unique=True)
    content = models.JSONField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the content in canonical JSON.")
    note = models.CharField(max_length=500, help_text="What changed and why, for whoever reads the record later.")
    author = models.CharField(max_length=150, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PublishedVersions.as_manager()

    class Meta:
        ordering = ["-number"]
        constraints = [models.CheckConstraint(condition=Q(number__gte=1), name="policy_version_starts_at_one")]

    def __str__(self) -> str:
        return f"Policy {self.number}"

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise ProtectedError("A published policy stays: decisions name it.", {self})
