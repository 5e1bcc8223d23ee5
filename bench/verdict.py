"""Whether a run counts: a fast gateway that loses records, or a load that was the bottleneck, proves nothing."""

from typing import NamedTuple

from bench.gateway import SHIPPED_WITHIN_SECONDS, Record

BUSIEST_LOAD = 0.8


class Verdict(NamedTuple):
    sent: int
    to_claude: int
    record: Record
    shipped_seconds: float
    syncs: int
    load_busy: float
    shipper_us: float  # per request
    resident_mb: float
    idle_mb: float  # added by a thousand open streams; 0 when not measured

    @property
    def complaints(self) -> list[str]:
        record, to_local = self.record, self.sent - self.to_claude
        checks = [
            (
                record.decisions == record.outcomes == self.sent,
                f"{self.sent} requests were sent, but after {SHIPPED_WITHIN_SECONDS} s the database holds "
                f"{record.decisions} decisions and {record.outcomes} outcomes",
            ),
            (
                record.answered_by_local == record.decided_by_rules == to_local,
                f"{record.decided_by_rules} of {to_local} were decided local by the rules, "
                f"{record.answered_by_local} answered by it",
            ),
            (self.syncs > 0, "nothing was synced to disk"),
            (self.load_busy <= BUSIEST_LOAD, f"the load's core was {self.load_busy:.0%} busy"),
        ]
        return [complaint for holds, complaint in checks if not holds]

    @property
    def counts(self) -> bool:
        return not self.complaints
