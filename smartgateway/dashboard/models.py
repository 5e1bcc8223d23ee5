"""What an admin expects of the figures."""

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q

from smartgateway.keys.models import Team


class ExpectedShare(models.Model):
    """A band for a tier's share. Nothing is steered by it: the dashboard says when it is left."""

    class Tier(models.TextChoices):
        LOCAL = "local", "Local"
        HAIKU = "haiku", "Haiku"
        SONNET = "sonnet", "Sonnet"
        OPUS = "opus", "Opus"
        OTHER = "other", "Other models, by name"

    class Measure(models.TextChoices):
        REQUESTS = "requests", "requests"
        ASKS = "asks", "new asks of people"
        COST = "cost", "cost"

    tier = models.CharField(max_length=10, choices=Tier, help_text="As it was chosen, whoever answered in the end.")
    measure = models.CharField("share of", max_length=10, choices=Measure, default=Measure.REQUESTS)
    team = models.ForeignKey(
        Team,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="expected_shares",
        help_text="Compared where this team's figures are shown alone. Empty: where all teams' are.",
    )
    lowest = models.PositiveSmallIntegerField(
        "at least, in percent",
        default=0,
        validators=[MaxValueValidator(100)],
        help_text="The dashboard says so when the share of a period is lower. It changes no decision.",
    )
    highest = models.PositiveSmallIntegerField(
        "at most, in percent",
        default=100,
        validators=[MaxValueValidator(100)],
        help_text="The dashboard says so when the share of a period is higher.",
    )

    class Meta:
        ordering = ["team", "measure", "tier"]
        constraints = [
            models.CheckConstraint(
                name="expected_share_is_a_band",
                condition=Q(lowest__lte=F("highest"), highest__lte=100),
                violation_error_message="At least must not be above at most.",
            ),
            models.UniqueConstraint(
                name="one_expected_share_by_team",
                fields=["team", "tier", "measure"],
                violation_error_message="This share has its band already.",
            ),
            models.UniqueConstraint(
                name="one_expected_share_of_all_teams",
                fields=["tier", "measure"],
                condition=Q(team=None),
                violation_error_message="This share has its band already.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_tier_display()}: {self.band} of {self.get_measure_display()}"

    @property
    def band(self) -> str:
        """`40 to 60 %`, `at most 10 %`."""
        if not self.lowest:
            return f"at most {self.highest} %"
        return f"at least {self.lowest} %" if self.highest == 100 else f"{self.lowest} to {self.highest} %"
