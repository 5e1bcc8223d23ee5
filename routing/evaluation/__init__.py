"""How a policy routes labelled requests."""

from routing.evaluation.judging import Judged, UnreadableRowError, judged, judged_lines, price_of
from routing.evaluation.measures import (
    as_shares,
    bands,
    confusion,
    cost_quality,
    costs,
    figures,
    grouped,
    latency,
    report,
)

__all__ = [
    "Judged",
    "UnreadableRowError",
    "as_shares",
    "bands",
    "confusion",
    "cost_quality",
    "costs",
    "figures",
    "grouped",
    "judged",
    "judged_lines",
    "latency",
    "price_of",
    "report",
]
