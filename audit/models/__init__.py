"""The record's tables. Written by the shipper alone; ids and name snapshots, no relation out of audit.

All but prompt text, which has a retention of its own, and feedback, which its givers change, are append-only.
"""

from audit.models.feedback import Feedback
from audit.models.record import Attempt, Outcome, Refusal, RoutingDecision
from audit.models.report import BypassReport, DailyReport, ReportDay, TagReport
from audit.models.text import PromptText
from audit.models.writer import Removal, Writer

__all__ = [
    "Attempt",
    "BypassReport",
    "DailyReport",
    "Feedback",
    "Outcome",
    "PromptText",
    "Refusal",
    "Removal",
    "ReportDay",
    "RoutingDecision",
    "TagReport",
    "Writer",
]
