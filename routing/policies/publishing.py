"""Publishing: the draft, checked and frozen into the next numbered version; and the way back."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from routing.models import AdminChange, PolicyVersion
from routing.policies.changes import Sentence, changes, flat
from routing.policies.drafts import Content, digest_of, draft_content
from routing.policies.filling import fill_draft, fitted
from routing.policies.good import in_force, problem_of
from routing.policies.locking import lock
from routing.policies.moving import refuse_if_moved
from routing.policies.shipped import completed
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
    refuse_if_moved(seen_digest, content)
    validate(content)
    return _freeze(content, note.strip(), author, AdminChange.Action.PUBLISHED)


@transaction.atomic
def roll_back(number: int, note: str = "", author: str = "") -> PolicyVersion:
    """Publishes an older version's content again. A draft in which nothing waited follows; another one stays."""
    lock()
    older, serving = PolicyVersion.objects.get(number=number), in_force()
    if problem := problem_of(older):
        raise ValidationError(f"No process could load it: {problem}")
    is_draft_idle = serving is not None and digest_of(draft_content()) == serving.digest
    content = completed(older.content, serving.content if serving else None)
    version = _freeze(content, note.strip() or f"Back to version {number}.", author, AdminChange.Action.ROLLED_BACK)
    if is_draft_idle:
        fill_draft(fitted(content, draft_content()))
    return version


def _freeze(content: Content, note: str, author: str, action: str) -> PolicyVersion:
    """A broken version says nothing, whatever digest it bears: it can always be followed by a good one."""
    newest, serving, digest = PolicyVersion.objects.newest(), in_force(), digest_of(content)
    if newest is not None and newest == serving and serving.digest == digest:
        raise NothingToPublishError(f"This equals version {newest.number}: there is nothing to publish.")
    number = 1 if newest is None else newest.number + 1
    version = PolicyVersion(number=number, content=content, digest=digest, note=note, author=author)
    if problem := problem_of(version):
        raise ValidationError(f"No process could load it: {problem}")
    version.save(force_insert=True)
    _log(version, serving, action)
    return version


def _log(version: PolicyVersion, serving: PolicyVersion | None, action: str) -> None:
    before: dict[str, Any] = {} if serving is None else {"version": serving.number, **flat(serving.content)}
    after = {"version": version.number, **(flat(version.content) if serving else {})}
    AdminChange.objects.note(
        action,
        "policy",
        author=version.author,
        object_id=version.number,
        name=f"version {version.number}",
        before=before,
        after=after,
        note=version.note,
    )


def draft_changes() -> list[Sentence]:
    """What publishing the draft would change, in words."""
    serving = in_force()
    return changes(serving.content if serving else None, draft_content())
