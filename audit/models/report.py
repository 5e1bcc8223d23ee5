"""Sums of the record by day."""

from decimal import Decimal

from django.db import models

from audit.models.fields import name
from audit.models.querysets import DailyReportQuerySet
from audit.models.record import TIERS

DIMENSIONS = ["day", "team_id", "key_id", "tier", "served_model", "phase", "policy_version"]


def count() -> "models.PositiveBigIntegerField[int, int]":
    return models.PositiveBigIntegerField(default=0)


def total() -> "models.DecimalField[Decimal, Decimal]":
    """USD, of the rows where it is known."""
    return models.DecimalField(max_digits=20, decimal_places=10, default=0)


class ReportDay(models.Model):
    """One row per day that was ever reported: locked while the day is rebuilt."""

    day = models.DateField(primary_key=True)
    rebuilt_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.day.isoformat()


class DailyReport(models.Model):
    """A day's requests of one team, key, chosen tier, served model, phase and policy version.

    A `saved_*` is baseline minus cost minus classifier cost over those requests where all three are known; it
    may be negative. Requests whose cost is unknown are counted, never taken as free.
    """

    day = models.DateField()
    team_id = models.BigIntegerField()
    team_name = name()
    key_id = models.BigIntegerField()
    key_name = name()
    tier = name()
    served_model = name()
    phase = name()
    policy_version = models.PositiveIntegerField()

    request_count = count()
    human_ask_count = count()
    housekeeping_count = count()
    agentic_count = count()
    answered_count = count()
    failed_count = count()
    refused_count = count()
    aborted_count = count()
    interrupted_count = count()
    open_count = count()
    fallback_count = count()
    classifier_count = count()
    estimated_baseline_count = count()
    unknown_cost_count = count()
    unknown_baseline_count = count()

    fresh_input_tokens = count()
    cache_read_input_tokens = count()
    cache_write_5m_input_tokens = count()
    cache_write_1h_input_tokens = count()
    output_tokens = count()

    cost = total()
    classifier_cost = total()
    baseline_requested = total()
    baseline_sonnet = total()
    baseline_opus = total()
    baseline_keyword = total()
    saved_requested = total()
    saved_sonnet = total()
    saved_opus = total()
    saved_keyword = total()

    duration = models.FloatField(default=0, help_text="Seconds, summed.")
    overhead = models.FloatField(default=0, help_text="Seconds, summed.")
    latency_histogram = models.JSONField(default=list, help_text="Answers by duration, as audit.latency counts them.")

    objects = DailyReportQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=DIMENSIONS, name="audit_report_dimensions"),
            models.CheckConstraint(condition=models.Q(tier__in=TIERS), name="audit_report_tier"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.team_name} {self.served_model}"
