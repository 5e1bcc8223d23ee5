"""Versions that a process can load: where a newer one is broken, the newest of these is in force."""

from django.db.models import QuerySet

from routing.models import PolicyVersion
from routing.policies.snapshot import LOOK_BACK, BrokenVersionError, frozen


def in_force(among: QuerySet[PolicyVersion] | None = None) -> PolicyVersion | None:
    """The newest one that can be loaded, of all or of those; what a broken one holds is nobody's policy."""
    versions = (PolicyVersion.objects.all() if among is None else among).order_by("-number")
    return next((version for version in versions[:LOOK_BACK] if not problem_of(version)), None)


def problem_of(version: PolicyVersion) -> str:
    """Why no process could load it; empty where any can."""
    try:
        frozen(version)
    except BrokenVersionError as exc:
        return str(exc)
    return ""
