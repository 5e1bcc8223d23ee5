"""A price that changes becomes a new row; the one before it is closed where the new one starts."""

from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from routing.models import AdminChange
from routing.models.prices import ModelPrice

COMMAND = "load_prices"


@transaction.atomic
def start(price: ModelPrice) -> None:
    """Saves a new price and closes the one that it follows."""
    followed = ModelPrice.objects.of(price).in_force(price.valid_from).filter(valid_from__lt=price.valid_from)
    for before in followed.select_for_update():
        before.valid_until = price.valid_from
        before.save()
    price.save()


def keep_history(price: ModelPrice, now: datetime) -> bool:
    """Turns a price in force whose amounts were changed into a new one from `now` on. False if there was no need.

    Until `now` the model cost what it cost: costs that were recorded name the row that they were computed from.
    """
    before = ModelPrice.objects.get(pk=price.pk)
    if before.amounts == price.amounts or before.valid_from >= now:
        return False
    price.pk, price.valid_from = None, now
    price._state.adding = True
    return True


class Difference(NamedTuple):
    """What a table of prices says of one model, beside what our rows say. `published` is None if it knows none."""

    model: str
    ours: ModelPrice | None
    published: ModelPrice | None

    @property
    def amounts(self) -> dict[str, tuple[object, object]]:
        """What differs, as it is here and there. What a machine of one's own costs is in no table."""
        if self.ours is None or self.published is None:
            return {}
        here, there = self.ours.amounts, self.published.amounts
        return {name: (here[name], there[name]) for name in here if name != "per_hour" and here[name] != there[name]}

    @property
    def is_kept(self) -> bool:
        """Set by hand: the operator knows better, also where a price was ended by hand."""
        return self.ours is not None and self.ours.is_edited

    @property
    def is_new(self) -> bool:
        return self.ours is None and self.published is not None

    @property
    def is_changed(self) -> bool:
        return bool(self.amounts) and not self.is_kept


def difference(model: str, published: ModelPrice | None) -> Difference:
    """`ours` is the newest row, which may start later or have ended."""
    rows = ModelPrice.objects.filter(provider_name="anthropic", model=model)
    return Difference(model, rows.order_by("-valid_from").first(), published)


@transaction.atomic
def apply(differences: list[Difference]) -> None:
    for found in differences:
        if found.published is not None and (found.is_new or found.is_changed):
            start(found.published)
            _log(found, found.published)


def _log(found: Difference, price: ModelPrice) -> None:
    action = AdminChange.Action.ADDED if found.is_new else AdminChange.Action.CHANGED
    AdminChange.objects.note(
        action,
        str(price._meta.verbose_name),
        author=COMMAND,
        object_id=price.pk,
        name=str(price),
        before=found.ours.amounts if found.ours else {},
        after=price.amounts,
        note=price.source,
    )
