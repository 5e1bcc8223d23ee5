"""The record's tables. Append-only, written by the shipper alone; ids and name snapshots, no relation out of audit."""

from audit.models.record import Attempt, Outcome, Refusal, RoutingDecision, Writer
from audit.models.report import DailyReport, ReportDay

__all__ = ["Attempt", "DailyReport", "Outcome", "Refusal", "ReportDay", "RoutingDecision", "Writer"]
