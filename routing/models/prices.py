"""What models cost, with the time in which each price holds."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Any, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

DATE_AT_THE_END = re.compile(r"-\d{8}$")
PARTS = ("input", "output", "cache_read", "cache_write_5m", "cache_write_1h")
ABOVE = [f"above_{part}_per_mtok" for part in PARTS]
AMOUNTS = [*(f"{part}_per_mtok" for part in PARTS), "above_input_tokens", *ABOVE, "per_hour"]
NOTHING_ABOVE = Q(above_input_tokens__isnull=True, **{f"{name}__isnull": True for name in ABOVE})
ALL_ABOVE = Q(
    above_input_tokens__isnull=False,
    above_input_tokens__gt=0,
    **{f"{name}__isnull": False for name in ABOVE},
    **{f"{name}__gte": 0 for name in ABOVE},
)


def without_date(model: str) -> str:
    """A model's name as its price may have it: for every date at its end."""
    return DATE_AT_THE_END.sub("", model)


def _per_mtok(what: str) -> Any:
    return models.DecimalField(max_digits=12, decimal_places=6, help_text=f"USD per million tokens: {what}.")


def _above(what: str) -> Any:
    return models.DecimalField(max_digits=12, decimal_places=6, null=True, blank=True, help_text=f"Same, {what}.")


class ModelPriceQuerySet(models.QuerySet["ModelPrice"]):
    def of(self, price: "ModelPrice") -> Self:
        """Every other price of the same model."""
        return self.filter(provider_name=price.provider_name, model=price.model).exclude(pk=price.pk)

    def overlapping(self, start: datetime, end: datetime | None) -> Self:
        begins_before = Q() if end is None else Q(valid_from__lt=end)
        return self.filter(begins_before, Q(valid_until__isnull=True) | Q(valid_until__gt=start))

    def in_force(self, at: datetime) -> Self:
        return self.filter(valid_from__lte=at).exclude(valid_until__lte=at)


class ModelPrice(models.Model):
    """One model's price from a moment on. History is never rewritten: recorded costs keep the price they had.

    The database refuses two prices of one model at one moment (migration 0002).
    """

    provider_name = models.CharField(max_length=40, help_text="anthropic or local.")
    model = models.CharField(max_length=120, help_text="The model id; * for every other model of the provider.")
    input_per_mtok = _per_mtok("fresh input")
    output_per_mtok = _per_mtok("output, thinking included")
    cache_read_per_mtok = _per_mtok("input read from the prompt cache")
    cache_write_5m_per_mtok = _per_mtok("input written to the 5-minute cache")
    cache_write_1h_per_mtok = _per_mtok("input written to the 1-hour cache")
    above_input_tokens = models.PositiveIntegerField(
        null=True,
        blank=True,
        help_text="A request with more input tokens than this, cached ones too, has the prices below for all it uses.",
    )
    above_input_per_mtok = _above("fresh input")
    above_output_per_mtok = _above("output")
    above_cache_read_per_mtok = _above("cache read")
    above_cache_write_5m_per_mtok = _above("5-minute cache write")
    above_cache_write_1h_per_mtok = _above("1-hour cache write")
    per_hour = models.DecimalField(
        max_digits=12,
        decimal_places=6,
        default=Decimal(0),
        help_text="USD per hour that the model works, on top of its tokens: for a machine of your own. Usually 0.",
    )
    valid_from = models.DateTimeField(default=timezone.now, help_text="UTC. The price until then is closed here.")
    valid_until = models.DateTimeField(null=True, blank=True, help_text="Empty: until further notice.")
    source = models.CharField(max_length=200, blank=True, help_text="Where the price was read, and when.")
    is_edited = models.BooleanField(
        default=False, editable=False, help_text="Set by hand: no command changes what this model costs."
    )
    updated_at = models.DateTimeField(auto_now=True)

    objects = ModelPriceQuerySet.as_manager()

    class Meta:
        ordering = ["provider_name", "model", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["provider_name", "model", "valid_from"], name="price_starts_once"),
            models.CheckConstraint(
                condition=Q(valid_until__isnull=True) | Q(valid_until__gt=F("valid_from")),
                name="price_ends_after_it_starts",
                violation_error_message="A price ends after it starts.",
            ),
            models.CheckConstraint(
                condition=Q(per_hour__gte=0, **{f"{part}_per_mtok__gte": 0 for part in PARTS}),
                name="price_is_not_negative",
                violation_error_message="A price is not negative.",
            ),
            models.CheckConstraint(
                condition=NOTHING_ABOVE | ALL_ABOVE,
                name="price_above_is_whole",
                violation_error_message="Fill all the prices above the limit, or none of them and no limit.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider_name}/{self.model}"

    @property
    def amounts(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in AMOUNTS}

    def clean(self) -> None:
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise ValidationError({"valid_until": "A price ends after it starts."})
        if self.valid_from and (other := self._others_of_its_time().first()) is not None:
            raise ValidationError({"valid_from": f"Another price of {self} holds {other.period}."})

    def _others_of_its_time(self) -> ModelPriceQuerySet:
        """Without the one that a new price follows: that one is closed where the new one starts."""
        others = ModelPrice.objects.of(self).overlapping(self.valid_from, self.valid_until)
        is_followed = Q(valid_from__lt=self.valid_from, valid_until__isnull=True)
        return others.exclude(is_followed) if self._state.adding else others

    @property
    def period(self) -> str:
        until = f"until {self.valid_until:%Y-%m-%d %H:%M}" if self.valid_until else "until further notice"
        return f"from {self.valid_from:%Y-%m-%d %H:%M} {until}"
