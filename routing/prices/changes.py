"""A price that changes becomes a new row; the one before it is closed where the new one starts."""

from datetime import datetime

from django.db import transaction

from routing.models.prices import ModelPrice


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
