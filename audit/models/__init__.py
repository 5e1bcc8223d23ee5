"""The record's tables. Append-only, written by the shipper alone; ids and name snapshots, no relation out of audit."""

from audit.models.record import Attempt, Outcome, Refusal, RoutingDecision
from audit.models.report import BypassReport, DailyReport, ReportDay, TagReport
from audit.models.writer import Removal, Writer

__all__ = [
    "Attempt",
    "BypassReport",
    "DailyReport",
    "Outcome",
    "Refusal",
    "Removal",
    "ReportDay",
    "RoutingDecision",
    "TagReport",
    "Writer",
]
