"""Teams, their members, and the keys that clients authenticate with."""

import secrets
from typing import Any

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q, Sum

from routing.engine.types import Tier

MOST_TEXT_DAYS = 3650
USABLE = Q(is_active=True) & (Q(owner=None) | Q(owner__is_active=True))


class ChangeMark(models.BigIntegerField):  # type: ignore[type-arg]  # generic in the stubs alone
    """A new random number at each save: a sum over it shows any change, whatever the hosts' clocks say."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{**options, "editable": False, "default": 0})

    def pre_save(self, model_instance: models.Model, add: bool) -> int:
        mark = secrets.randbits(40)
        setattr(model_instance, self.attname, mark)
        return mark


class TierLimits(models.Model):
    """What may serve: shared by teams and keys. A key never widens what its team allows."""

    is_local_only = models.BooleanField(
        "local only",
        default=False,
        help_text="Requests never leave for Claude, whatever a switch, an alias, a fallback or the client says.",
    )
    allows_local = models.BooleanField("local", default=True, help_text="The team's own model may answer.")
    allows_sonnet = models.BooleanField("sonnet", default=True, help_text="Claude Sonnet may answer.")
    allows_opus = models.BooleanField("opus", default=True, help_text="Claude Opus may answer.")

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                name="%(class)s_has_a_tier",
                condition=Q(allows_local=True) | Q(is_local_only=False) & (Q(allows_sonnet=True) | Q(allows_opus=True)),
                violation_error_message="Nothing could answer: allow one tier at least, and local if it is local only.",
            ),
        ]

    @property
    def allowed_tiers(self) -> frozenset[Tier]:
        return frozenset(tier for tier in Tier if getattr(self, f"allows_{tier.value}"))


class TeamQuerySet(models.QuerySet["Team"]):
    def visible_to(self, teams: frozenset[int] | None) -> "TeamQuerySet":
        return self if teams is None else self.filter(pk__in=teams)

    def recording_text(self) -> "TeamQuerySet":
        return self.filter(is_text_recorded=True)


class Team(TierLimits):
    name = models.CharField(max_length=100, unique=True)
    slug = models.SlugField(unique=True, help_text="Short name for addresses and file names.")
    requests_per_minute = models.PositiveIntegerField(
        "requests per minute and key",
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="Caps the limit of each key of this team. Empty: each key's own limit holds.",
    )
    is_text_recorded = models.BooleanField(
        "record prompt text",
        default=False,
        help_text="On: the newest words of a person in each request (their first and last 4,096 characters) are kept, "
        "readable for this team's managers and for admins; the team's members are told on their pages. A policy can "
        "then be tried on what was really asked. Takes effect within 2 seconds. Off: no text is kept from then on.",
    )
    text_kept_days = models.PositiveIntegerField(
        "keep prompt text for days",
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_TEXT_DAYS)],
        help_text="Older text of this team is removed each night, also once the switch is off again.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    change_mark = ChangeMark()
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="teams")

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            *TierLimits.Meta.constraints,
            models.CheckConstraint(name="team_limit_is_positive", condition=Q(requests_per_minute__gte=1)),
            models.CheckConstraint(
                name="team_text_days_are_bounded",
                condition=Q(text_kept_days__gte=1) & Q(text_kept_days__lte=MOST_TEXT_DAYS),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Membership(models.Model):
    class Role(models.TextChoices):
        ADMIN = "admin", "Admin: sees the figures of every team"
        MANAGER = "manager", "Manager: sees the figures of this team"
        DEVELOPER = "developer", "Developer: sends requests"

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships")
    team = models.ForeignKey(Team, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role, default=Role.DEVELOPER)

    class Meta:
        ordering = ["team", "user"]
        constraints = [
            models.UniqueConstraint(name="one_role_per_user_and_team", fields=["user", "team"]),
            models.CheckConstraint(name="role_is_known", condition=Q(role__in=["admin", "manager", "developer"])),
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.team}"


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self) -> "ApiKeyQuerySet":
        """Neither revoked nor owned by a deactivated user; expiry is judged where time is known."""
        return self.filter(USABLE)

    def fingerprint(self) -> tuple[int | None, ...]:
        """One small query whose answer changes with every key, team or owner that matters to authentication."""
        return tuple(
            self.aggregate(
                keys=Count("pk"),
                usable_keys=Count("pk", filter=USABLE),
                key_marks=Sum("change_mark"),
                team_marks=Sum("team__change_mark"),
            ).values()
        )


class ApiKey(TierLimits):
    """The secret is never stored: only its SHA-256, and enough of its ends to recognise it."""

    team = models.ForeignKey(Team, on_delete=models.PROTECT, related_name="keys")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="api_keys",
        help_text="When this user is deactivated or deleted, the key stops working. Empty: the team's own key.",
    )
    name = models.CharField(max_length=100, help_text="Where it is used: stands beside each recorded decision.")
    prefix = models.CharField(max_length=10, editable=False)
    last_four = models.CharField(max_length=4, editable=False)
    digest = models.BinaryField(max_length=32, unique=True)
    is_active = models.BooleanField("active", default=True, help_text="Off: refused within 2 seconds.")
    requests_per_minute = models.PositiveIntegerField(
        default=600,
        validators=[MinValueValidator(1)],
        help_text="Requests above it get a 429 that says when to try again.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Refused from then on (UTC). Empty: never.")
    change_mark = ChangeMark()

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = "API key"
        ordering = ["-created_at", "-id"]
        constraints = [
            *TierLimits.Meta.constraints,
            models.CheckConstraint(name="key_limit_is_positive", condition=Q(requests_per_minute__gte=1)),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…{self.last_four})"

    def revoke(self) -> None:
        self.is_active = False
        self.save(update_fields=["is_active", "change_mark"])
