"""The findings as rows, shared by all processes: one of them tests a model, the others read what it found."""

from collections.abc import Iterable
from dataclasses import asdict, fields
from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from routing.capabilities.findings import Findings
from routing.models import LocalModelRecord

CLAIM = timedelta(minutes=12)  # longer than a test can take
AGAIN_AFTER_FAILURE = timedelta(seconds=60)
FIELDS = [field.name for field in fields(Findings)]


class Records:
    """Called in threads. Whoever cannot reach the database knows nothing and claims nothing."""

    def noticed(self, names: Iterable[str]) -> None:
        """A row for each model of the server, and none for those that are gone."""
        present = set(names)
        LocalModelRecord.objects.exclude(name__in=present).delete()
        known = set(LocalModelRecord.objects.values_list("name", flat=True))
        missing = [LocalModelRecord(name=name) for name in sorted(present - known)]
        LocalModelRecord.objects.bulk_create(missing, ignore_conflicts=True)

    def known(self, name: str, digest: str) -> Findings | None:
        """What was found out of these very weights."""
        row = LocalModelRecord.objects.filter(name=name, digest=digest, error="", tested_at__isnull=False).first()
        return Findings(**{field: getattr(row, field) for field in FIELDS}) if row else None

    def claim(self, name: str, digest: str, *, is_asked_for: bool = False) -> bool:
        """Whether this process is to test the model now: nobody else does, and there is a reason."""
        now = timezone.now()
        is_due = (
            ~Q(digest=digest) | Q(tested_at__isnull=True) | ~Q(error="") & Q(tested_at__lt=now - AGAIN_AFTER_FAILURE)
        )
        rows = LocalModelRecord.objects.filter(Q(claimed_until__isnull=True) | Q(claimed_until__lt=now), name=name)
        LocalModelRecord.objects.bulk_create([LocalModelRecord(name=name)], ignore_conflicts=True)
        return bool((rows if is_asked_for else rows.filter(is_due)).update(claimed_until=now + CLAIM))

    def keep(self, name: str, digest: str, findings: Findings) -> None:
        found = asdict(findings) | {"error": findings.error[:500]}
        LocalModelRecord.objects.filter(name=name).update(
            **found, digest=digest, tested_at=timezone.now(), claimed_until=None
        )

    def give_back(self, name: str) -> None:
        LocalModelRecord.objects.filter(name=name).update(claimed_until=None)
