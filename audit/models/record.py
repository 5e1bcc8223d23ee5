"""Decisions, attempts, outcomes and refusals.

Columns of fixed width come first: so a row takes the least room in PostgreSQL.
"""

from django.db import models
from django.db.models import Q

from audit.models.fields import NAME_LENGTH, DigestField, PackedField, PackedJSONField, code, money, name
from audit.models.indexes import StretchIndex
from audit.models.querysets import RoutingDecisionQuerySet
from audit.models.writer import Writer

TIERS = ["", "local", "haiku", "sonnet", "opus"]
STATUSES = ["answered", "failed", "refused", "aborted", "interrupted"]
PHASES = ["explicit", "disabled", "keyword", "heuristic", "llm_classifier", "session", "cache"]
SIGNED = Q(is_repeated_ask=True) | Q(is_raised=True) | Q(repeated_tool_calls__gt=0)


class RoutingDecision(models.Model):
    """What the engine chose for one request, and why."""

    id = models.UUIDField(primary_key=True)
    created_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField()
    team_id = models.BigIntegerField()
    key_id = models.BigIntegerField()
    confidence = models.FloatField()
    score = models.FloatField()
    classifier_latency_ms = models.FloatField()
    writer = models.ForeignKey(Writer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    policy_version = models.PositiveIntegerField()
    classifier_input_tokens = models.PositiveIntegerField()
    classifier_output_tokens = models.PositiveIntegerField()
    is_stream = models.BooleanField()
    is_human_ask = models.BooleanField()
    is_housekeeping = models.BooleanField()
    is_agentic = models.BooleanField()
    is_repeated_ask = models.BooleanField(default=False, help_text="The key had the same ask answered minutes before.")
    is_raised = models.BooleanField(
        default=False, help_text="A higher tier was asked for by name than the one by which auto had answered."
    )
    repeated_tool_calls = models.PositiveSmallIntegerField(
        default=0, help_text="How often the newest tool call stands in the conversation, from three times on."
    )
    team_name = name()
    key_name = name()
    end_user = name()
    session_id = DigestField(max_length=NAME_LENGTH, blank=True, default="")
    face = name()
    requested_model = name()
    requested_provider = name()
    phase = name()
    band = name()
    tier = name()
    provider_name = name()
    model = name()
    classifier_tier = name()
    classifier_state = name()
    auto_tier = name(help_text="What auto would have chosen, for a request that did not ask for auto.")
    mac = code()
    ask_digest = models.BinaryField(default=b"")
    features = PackedField(default=b"")
    reasons = PackedJSONField(default=list)
    candidates = PackedJSONField(default=list)
    tags = models.JSONField(default=list)

    objects = RoutingDecisionQuerySet.as_manager()

    class Meta:
        indexes = [
            StretchIndex(fields=["key_id", "id"], name="audit_decision_of_key"),
            StretchIndex(fields=["team_id", "id"], name="audit_decision_of_team"),
            StretchIndex(fields=["tier", "id"], name="audit_decision_of_tier"),
            StretchIndex(fields=["phase", "id"], name="audit_decision_of_phase"),
            models.Index(fields=["id"], condition=SIGNED, name="audit_decision_signed"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(tier__in=TIERS), name="audit_decision_tier"),
            models.CheckConstraint(condition=Q(phase__in=PHASES), name="audit_decision_phase"),
            models.CheckConstraint(condition=Q(sequence__gt=0), name="audit_decision_sequence"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class Tokens(models.Model):
    """Disjoint counters: no token is in two of them."""

    fresh_input_tokens = models.PositiveIntegerField(default=0)
    cache_read_input_tokens = models.PositiveIntegerField(default=0)
    cache_write_5m_input_tokens = models.PositiveIntegerField(default=0)
    cache_write_1h_input_tokens = models.PositiveIntegerField(default=0)
    output_tokens = models.PositiveIntegerField(default=0)

    class Meta:
        abstract = True


class Attempt(Tokens):
    """One upstream call. It is open until `duration` is known; the sweeper closes one that never ended."""

    id = models.UUIDField(primary_key=True)
    decision = models.ForeignKey(RoutingDecision, models.DO_NOTHING, db_constraint=False, related_name="attempts")
    started_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField(null=True, help_text="Null where the intent came inside its decision.")
    time_to_first_chunk = models.FloatField(null=True, help_text="Seconds.")
    duration = models.FloatField(null=True, help_text="Seconds.")
    price_id = models.BigIntegerField(null=True)
    writer = models.ForeignKey(Writer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    status = models.PositiveSmallIntegerField(null=True, help_text="HTTP status of the upstream.")
    number = models.PositiveSmallIntegerField()
    is_estimated = models.BooleanField(default=False)
    cost = money()
    provider_name = name()
    request_model = name()
    response_model = name()
    tier = name()
    response_id = name()
    upstream_request_id = name()
    finish_reason = name()
    error_type = name()
    mac = code()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(tier__in=TIERS), name="audit_attempt_tier")]

    def __str__(self) -> str:
        return f"{self.number}: {self.request_model}"


class Outcome(Tokens):
    """What came of a decision: exactly one for each.

    `sequence` is null where the sweeper wrote it, because the process ended before its answer did.
    """

    decision = models.OneToOneField(
        RoutingDecision, models.DO_NOTHING, db_constraint=False, primary_key=True, related_name="outcome"
    )
    created_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField(null=True)
    time_to_first_chunk = models.FloatField(null=True, help_text="Seconds.")
    duration = models.FloatField(help_text="Seconds.")
    overhead = models.FloatField(help_text="Seconds of our own until the first byte.")
    writer = models.ForeignKey(Writer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    http_status = models.PositiveSmallIntegerField()
    is_complete = models.BooleanField()
    is_baseline_estimated = models.BooleanField()
    cost = money()
    classifier_cost = money()
    baseline_requested = money()
    baseline_requested_high = money()
    baseline_sonnet = money()
    baseline_opus = money()
    baseline_keyword = money()
    cache_saved = money()
    status = name()
    error_type = name()
    finish_reason = name()
    served_tier = name()
    served_model = name()
    served_provider = name()
    fallback_causes = models.JSONField(default=list)
    dropped_params = models.JSONField(default=list)
    mac = code()

    class Meta:
        indexes = [
            models.Index(fields=["status", "decision"], condition=~Q(status="answered"), name="audit_outcome_trouble")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(status__in=STATUSES), name="audit_outcome_status"),
            models.CheckConstraint(condition=Q(served_tier__in=TIERS), name="audit_outcome_tier"),
            models.CheckConstraint(
                condition=Q(sequence__isnull=False) | Q(status="interrupted"), name="audit_outcome_sequence"
            ),
        ]

    def __str__(self) -> str:
        return self.status


class Refusal(models.Model):
    """A valid key with a body that could not be routed."""

    id = models.UUIDField(primary_key=True)
    created_at = models.DateTimeField()
    sequence = models.PositiveBigIntegerField()
    team_id = models.BigIntegerField()
    key_id = models.BigIntegerField()
    writer = models.ForeignKey(Writer, models.DO_NOTHING, db_constraint=False, db_index=False, related_name="+")
    unrecorded_before = models.PositiveIntegerField(default=0, help_text="Only counted since the key's last one.")
    http_status = models.PositiveSmallIntegerField()
    face = name()
    error_type = name()
    message = name()
    mac = code()

    def __str__(self) -> str:
        return self.error_type
