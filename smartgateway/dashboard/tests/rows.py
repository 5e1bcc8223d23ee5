"""Rows of the record and its reports, as the shipper and the reports would have written them."""

import itertools
import uuid
from datetime import UTC, datetime
from decimal import Decimal

from audit.models import DailyReport, Outcome, ReportDay, RoutingDecision, TagReport, Writer

NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
DAY = NOW.date()
sequence = itertools.count(1)


def report(tier="local", *, requests=10, cost="0", team_id=1, day=DAY, baseline=None, **fields):
    ReportDay.objects.update_or_create(day=day, defaults={"rebuilt_at": NOW})
    money = {"cost": Decimal(cost), "classifier_cost": Decimal(fields.pop("classifier_cost", "0"))}
    if baseline is not None:
        saved = Decimal(baseline) - sum(money.values())
        money |= {"baseline_requested": Decimal(baseline), "saved_requested": saved, "saved_requested_high": saved}
    model = TagReport if "tag" in fields else DailyReport
    if model is DailyReport:
        fields = {"policy_version": 1, **fields}
    return model.objects.create(
        day=day,
        team_id=team_id,
        key_id=next(sequence),
        tier=tier,
        request_count=requests,
        answered_count=requests,
        **{**money, **fields},
    )


def decision(**fields):
    number = next(sequence)
    writer, _ = Writer.objects.get_or_create(
        uuid=uuid.UUID(int=1), defaults={"pid": 1, "started_at": NOW, "seen_at": NOW}
    )
    defaults = {
        "id": uuid.UUID(int=number),
        "created_at": NOW,
        "sequence": number,
        "writer": writer,
        "team_id": 1,
        "team_name": "Payments",
        "key_id": 1,
        "key_name": "laptop",
        "confidence": 0.9,
        "score": 0.1,
        "classifier_latency_ms": 0,
        "classifier_input_tokens": 0,
        "classifier_output_tokens": 0,
        "policy_version": 1,
        "is_stream": False,
        "is_human_ask": True,
        "is_housekeeping": False,
        "is_agentic": False,
        "phase": "heuristic",
        "tier": "local",
        "model": "qwen2.5-coder:14b-instruct",
    }
    return RoutingDecision.objects.create(**{**defaults, **fields})


def outcome(of, **fields):
    defaults = {
        "created_at": NOW,
        "sequence": next(sequence),
        "writer": of.writer,
        "duration": 1.5,
        "overhead": 0.001,
        "http_status": 200,
        "is_complete": True,
        "is_baseline_estimated": False,
        "status": "answered",
        "served_tier": of.tier,
        "served_model": of.model,
        "cost": Decimal(0),
    }
    return Outcome.objects.create(decision=of, **{**defaults, **fields})
