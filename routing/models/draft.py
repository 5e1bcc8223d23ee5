"""The draft: rows that decide nothing until they are published."""

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q

from routing.models.choices import AmbiguousTier, Mode, Rung, Slot


class Threshold(models.Model):
    """A number that a rule compares with. Names and bounds come with the release; the value is the operator's."""

    name = models.CharField(max_length=60, unique=True)
    value = models.FloatField(help_text="Takes effect with the next published policy.")
    unit = models.CharField(max_length=40, blank=True)
    lower = models.FloatField()
    upper = models.FloatField()
    effect = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(value__gte=F("lower"), value__lte=F("upper")),
                name="threshold_within_bounds",
                violation_error_message="The value lies outside its bounds.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        if self.value is not None and not self.lower <= self.value <= self.upper:
            unit = f" ({self.unit})" if self.unit else ""
            raise ValidationError({"value": f"Use a value from {self.lower:,.10g} to {self.upper:,.10g}{unit}."})


class Switch(models.Model):
    name = models.CharField(max_length=60, unique=True)
    is_on = models.BooleanField("on", default=False, help_text="Takes effect with the next published policy.")
    effect = models.TextField(blank=True)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "switches"

    def __str__(self) -> str:
        return self.name


class ModelAlias(models.Model):
    """A name that clients may send in place of a model's."""

    pattern = models.CharField(
        max_length=120,
        unique=True,
        validators=[RegexValidator(r"^[^*\s]+\*?$|^\*$", "Use a name without spaces; * only as the last character.")],
        help_text="A model name as clients send it; a trailing * stands for any ending.",
    )
    target = models.CharField(
        max_length=120,
        help_text="auto (route it), local, sonnet, opus, haiku, or a concrete model id.",
    )

    class Meta:
        ordering = ["pattern"]
        verbose_name_plural = "model aliases"
        constraints = [
            models.CheckConstraint(condition=~Q(pattern="") & ~Q(target=""), name="alias_is_filled"),
            models.CheckConstraint(
                condition=~Q(pattern=F("target")),
                name="alias_leads_elsewhere",
                violation_error_message="An alias cannot stand for itself.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pattern} → {self.target}"


class TierModel(models.Model):
    """Which model serves a tier."""

    slot = models.CharField(max_length=20, unique=True, choices=Slot)
    model = models.CharField(max_length=120, help_text="The model id as its provider names it.")

    class Meta:
        ordering = ["slot"]
        constraints = [
            models.CheckConstraint(condition=Q(slot__in=Slot.values), name="tier_model_slot_is_known"),
            models.CheckConstraint(condition=~Q(model=""), name="tier_model_is_filled"),
        ]

    def __str__(self) -> str:
        return f"{self.slot}: {self.model}"


class FallbackStep(models.Model):
    """What is tried next when the chosen tier cannot serve. Applies to automatic choices only."""

    from_tier = models.CharField(max_length=20, choices=Rung, help_text="The tier that was chosen.")
    order = models.PositiveSmallIntegerField(help_text="1 is tried first.")
    to = models.CharField(max_length=20, choices=Rung, help_text="The tier that is tried in its place.")

    class Meta:
        ordering = ["from_tier", "order"]
        constraints = [
            models.UniqueConstraint(fields=["from_tier", "order"], name="fallback_order_is_unique"),
            models.UniqueConstraint(fields=["from_tier", "to"], name="fallback_leads_there_once"),
            models.CheckConstraint(
                condition=Q(from_tier__in=Rung.values, to__in=Rung.values) & ~Q(from_tier=F("to")),
                name="fallback_leads_elsewhere",
                violation_error_message="A fallback leads to another tier.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_tier} → {self.to}"


class RoutingSettings(models.Model):
    """The one row of what is neither a number, a switch nor a list."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, editable=False)
    is_enabled = models.BooleanField(
        "smart routing",
        default=True,
        help_text="Off: every request without an explicit choice goes to sonnet (local under local_only).",
    )
    mode = models.CharField(
        max_length=20,
        choices=Mode,
        default=Mode.LOCAL_FIRST,
        help_text="How requests without an explicit choice are routed.",
    )
    ambiguous_fallback_tier = models.CharField(
        max_length=20,
        choices=AmbiguousTier,
        default=AmbiguousTier.SONNET,
        help_text="Serves ambiguous requests when the classifier cannot answer.",
    )

    class Meta:
        verbose_name = verbose_name_plural = "routing settings"
        constraints = [
            models.CheckConstraint(condition=Q(id=1), name="routing_settings_is_one_row"),
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="routing_mode_is_known"),
            models.CheckConstraint(
                condition=Q(ambiguous_fallback_tier__in=AmbiguousTier.values), name="ambiguous_tier_is_known"
            ),
        ]

    def __str__(self) -> str:
        return "Routing settings"
