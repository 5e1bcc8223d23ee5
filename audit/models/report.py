"""Sums of the record by day."""

from decimal import Decimal

from django.db import models

from audit.models.fields import name
from audit.models.querysets import DailyReportQuerySet, ReportDayQuerySet
from audit.models.record import TIERS

DIMENSIONS = ["day", "team_id", "key_id", "tier", "served_model", "phase", "policy_version", "is_agentic"]
TAG_DIMENSIONS = ["day", "tag", "team_id", "key_id", "tier", "served_model", "is_agentic"]
BYPASS_DIMENSIONS = ["day", "team_id", "requested_model", "tier", "auto_tier"]


def count(help_text: str = "") -> "models.PositiveBigIntegerField[int, int]":
    return models.PositiveBigIntegerField(default=0, help_text=help_text)


def total(help_text: str = "") -> "models.DecimalField[Decimal, Decimal]":
    """USD, of the rows where it is known."""
    return models.DecimalField(max_digits=20, decimal_places=10, default=0, help_text=help_text)


def histogram(help_text: str) -> "models.JSONField[list[int], list[int]]":
    return models.JSONField(default=list, help_text=help_text)


class ReportDay(models.Model):
    """One row per day that was ever reported: locked while the day is rebuilt."""

    day = models.DateField(primary_key=True)
    rebuilt_at = models.DateTimeField(null=True)
    worked_at = models.DateTimeField(null=True, help_text="When worker and beat, not a person, last had it rebuilt.")
    removed_at = models.DateTimeField(null=True, help_text="Since when its requests are gone, and its reports final.")

    objects = ReportDayQuerySet.as_manager()

    def __str__(self) -> str:
        return self.day.isoformat()


class Sums(models.Model):
    """What a report says of a group of requests. Every column can be added to that of another group.

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
    is_agentic = models.BooleanField(default=False)

    request_count = count()
    human_ask_count = count()
    housekeeping_count = count()
    agentic_count = count()
    weighed_count = count("Phase 1 looked at them.")
    decided_count = count("Phase 1 was sure of them.")
    answered_count = count()
    failed_count = count()
    refused_count = count()
    aborted_count = count()
    interrupted_count = count()
    open_count = count()
    fallback_count = count()
    moved_count = count("Another tier answered than the one that was chosen.")
    classifier_count = count("The classifier was asked.")
    classifier_hit_count = count("The classifier's cache knew the answer.")
    classifier_failed_count = count("The classifier was asked in vain.")
    repeated_ask_count = count("The same ask had been answered minutes before.")
    raised_count = count("A higher tier was asked for by name than the one by which auto had answered.")
    repeated_tool_count = count("The same tool call stood in the conversation three times or more.")
    cancelled_stream_count = count("Streams that the client left before their end.")
    bypassed_count = count("Asked for by name, or with routing off, where auto would have known a tier.")
    estimated_baseline_count = count()
    unknown_cost_count = count()
    unknown_classifier_count = count("The classifier was asked, and what that cost is not known.")
    unknown_baseline_count = count("Nobody knows what they would have cost as requested.")
    unknown_sonnet_count = count()
    unknown_opus_count = count()
    unknown_keyword_count = count()
    unknown_local_count = count("Answered locally, and what that replaced is not known.")
    unsaved_requested_count = count("In no saved_requested: baseline, cost or classifier cost is not known.")
    unsaved_sonnet_count = count()
    unsaved_opus_count = count()
    unsaved_keyword_count = count()
    unknown_bypassed_count = count("In no bypassed_saving: the cost of either way is not known.")

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
    saved_requested = total("At the low end of its interval.")
    saved_requested_high = total("At the high end: earlier turns of a conversation counted as fresh.")
    saved_sonnet = total()
    saved_opus = total()
    saved_keyword = total()
    estimated_saved = total("The part of saved_requested that rests on estimated tokens.")
    cache_saved = total("By prompt caches that the gateway asked for; may be negative.")
    local_baseline = total("What the answers of the local model would have cost as requested.")
    bypassed_cost = total("Of the bypassed.")
    bypassed_saving = total("What auto would have saved of it.")

    duration = models.FloatField(default=0, help_text="Seconds, summed.")
    overhead = models.FloatField(default=0, help_text="Seconds, summed.")
    classifier_duration = models.FloatField(default=0, help_text="Seconds, summed.")
    latency_histogram = histogram("Answers by duration, as audit.latency counts them.")
    first_chunk_histogram = histogram("Answers by the time to their first chunk.")
    overhead_histogram = histogram("Answers by the gateway's own time, in tenths of milliseconds.")

    objects = DailyReportQuerySet.as_manager()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.day} {self.team_name} {self.served_model}"


class DailyReport(Sums):
    """A day's requests of one team, key, chosen tier, served model, phase and policy version; agents' apart."""

    phase = name()
    policy_version = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=DIMENSIONS, name="audit_report_dimensions"),
            models.CheckConstraint(condition=models.Q(tier__in=TIERS), name="audit_report_tier"),
        ]


class TagReport(Sums):
    """The same by tag. A request with two tags is in the sums of both: never to be summed over tags."""

    tag = name()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=TAG_DIMENSIONS, name="audit_tag_report_dimensions"),
            models.CheckConstraint(condition=models.Q(tier__in=TIERS), name="audit_tag_report_tier"),
        ]


class BypassReport(models.Model):
    """What asked a model by name that `auto` would have sent to another tier."""

    day = models.DateField()
    team_id = models.BigIntegerField()
    team_name = name()
    requested_model = name()
    tier = name()
    auto_tier = name()
    request_count = count()
    cost = total()
    saving = total("What auto would have saved; negative where it would have cost more.")
    unknown_count = count("In no saving: the cost of either way is not known.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=BYPASS_DIMENSIONS, name="audit_bypass_dimensions")]

    def __str__(self) -> str:
        return f"{self.day} {self.requested_model}"
