"""Publishing: the draft, checked and frozen into the next numbered version."""

from django.core.exceptions import ValidationError
from django.db import transaction

from routing.models import PolicyVersion, RoutingSettings
from routing.policies.changes import changes
from routing.policies.drafts import digest_of, draft_content
from routing.policies.validation import validate


class NothingToPublishError(ValidationError):
    """The draft is what is in force already."""


@transaction.atomic
def publish(note: str, author: str = "", *, seen_digest: str = "") -> PolicyVersion:
    """Freezes the draft. With `seen_digest`, only if the draft still is what the publisher looked at."""
    lock()
    if not note.strip():
        raise ValidationError({"note": "Say what changed and why."})
    content = draft_content()
    digest = digest_of(content)
    if seen_digest and seen_digest != digest:
        raise ValidationError("The draft changed while you looked at it: look at the changes again.")
    validate(content)
    newest = PolicyVersion.objects.newest()
    if newest is not None and newest.digest == digest:
        raise NothingToPublishError(f"The draft equals version {newest.number}: there is nothing to publish.")
    number = 1 if newest is None else newest.number + 1
    return PolicyVersion.objects.create(number=number, content=content, digest=digest, note=note.strip(), author=author)


def lock() -> bool:
    """One publisher at a time, until the transaction ends. True when the draft was empty until now."""
    is_first = RoutingSettings.objects.get_or_create(pk=1)[1]
    RoutingSettings.objects.select_for_update().get(pk=1)
    return is_first


def draft_changes() -> list[str]:
    """What publishing the draft would change, in words."""
    newest = PolicyVersion.objects.newest()
    return changes(newest.content if newest else None, draft_content())
