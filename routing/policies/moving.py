"""Whether the draft still is what an admin looked at; and if not, who did what to it meanwhile."""

from django.core.exceptions import ValidationError

from routing.models import (
    AdminChange,
    FallbackStep,
    ModelAlias,
    PhraseList,
    RoutingSettings,
    Switch,
    Threshold,
    TierModel,
)
from routing.policies.drafts import Content, digest_of

ROWS = (FallbackStep, ModelAlias, PhraseList, RoutingSettings, Switch, Threshold, TierModel)
SUBJECTS = ["draft", *(str(model._meta.verbose_name) for model in ROWS)]
MOVED = "The draft changed while you looked at it{}: look at the changes again."
SHOWN_CHANGES = 3


def mark_of(draft: Content) -> str:
    """What a page of the draft keeps, to send back: its digest, and the newest change that stands in the log."""
    newest = AdminChange.objects.order_by("-pk").values_list("pk", flat=True).first()
    return f"{digest_of(draft)}:{newest or 0}"


def refuse_if_moved(seen: str, draft: Content) -> None:
    """`seen` is a mark, or a digest alone; nothing is asked without."""
    digest, _, newest = seen.partition(":")
    if digest and digest != digest_of(draft):
        raise ValidationError(MOVED.format(_since(int(newest)) if newest.isdecimal() else ""))


def _since(newest: int) -> str:
    """The newest changes first. What was changed past the admin's pages stands in no log."""
    changes = AdminChange.objects.filter(pk__gt=newest, subject__in=SUBJECTS)
    told = [change.told() for change in changes.order_by("-pk")[:SHOWN_CHANGES]]
    rest = changes.count() - len(told)
    return f" ({'; '.join(told)}{f'; and {rest} more' if rest else ''})" if told else ""
