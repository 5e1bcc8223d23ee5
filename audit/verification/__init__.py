"""Proves the record: every record of every writer is there once and unchanged, and decisions and outcomes fit."""

from pathlib import Path

from django.db.models import Model

from audit.models import Attempt, Outcome, Refusal, Removal, RoutingDecision, Writer
from audit.verification.chains import chain_troubles
from audit.verification.findings import LISTED_PER_KIND, Findings
from audit.verification.heads import Heads, heads, parsed
from audit.verification.matching import assumed, is_given_up, unmatched, without_outcome
from audit.verification.period import Period
from audit.verification.waiting import kept_aside, waiting_in

__all__ = ["LISTED_PER_KIND", "Findings", "Period", "heads", "parsed", "verify"]


def verify(directory: Path, period: Period | None = None, kept_heads: Heads | None = None) -> Findings:
    """Check the tables, and look at what still waits in the journals of this host."""
    findings, period = Findings(), period or Period()
    findings.is_from_the_beginning = period.since is None
    findings.add(chain_troubles(period, kept_heads or {}))
    findings.add(assumed(period))
    findings.add(unmatched(period))
    findings.add(kept_aside(directory))
    tables: tuple[type[Model], ...] = (Writer, RoutingDecision, Attempt, Outcome, Refusal)
    findings.counts = {
        **{f"{model._meta.model_name}s": model._default_manager.count() for model in tables},
        "removed": sum(last - first + 1 for first, last in Removal.objects.values_list("first", "last")),
        "open": without_outcome().exclude(is_given_up()).count(),
        "waiting": waiting_in(directory),
    }
    return findings
